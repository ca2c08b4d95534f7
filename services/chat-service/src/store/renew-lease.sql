-- Renews the lease of this server: $1 its instance id, $2 its secret, $3 seconds. Returns NULL if
-- no manager has registered it, or if it has stopped.
SELECT chat.renew_lease($1, $2, make_interval(secs => $3)) AS lease_until;
