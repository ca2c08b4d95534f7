-- $1 this server's boot id.
SELECT id, live, join_by < now() AS late FROM chat.seat WHERE boot_id = $1;
