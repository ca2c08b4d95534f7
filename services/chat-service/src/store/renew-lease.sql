-- $1 this server's boot id, $2 seconds. NULL: no manager knows this server (yet), or it has said goodbye.
SELECT chat.renew_lease($1, make_interval(secs => $2)) AS lease_until;
