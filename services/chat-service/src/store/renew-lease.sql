-- $1 this server's boot id, $2 its secret, $3 seconds. NULL: no manager knows this server (yet), or
-- it has said goodbye.
SELECT chat.renew_lease($1, $2, make_interval(secs => $3)) AS lease_until;
