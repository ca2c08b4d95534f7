-- Ends the lease of a server that cannot serve its channels, so they can be placed elsewhere at
-- once. $1 boot_id. Returns no row unless another server has held a live lease for 4 s: otherwise
-- all servers may be cut off (see chat.gone_from), or none could take over.
UPDATE chat.server s SET lease_until = least(lease_until, now()) WHERE s.boot_id = $1 AND EXISTS (
  SELECT FROM chat.server o WHERE o.boot_id <> $1 AND o.lease_until > now() AND o.lease_since < now() - interval '4 s'
) RETURNING boot_id;
