-- A server says that it cannot look after its channels: $1 its boot id. What it had can be placed elsewhere at once. No row: there is no
-- other server whose lease has lasted until now, so everybody may have been cut off (see chat.gone_from), or nobody could take over.
UPDATE chat.server s SET lease_until = least(lease_until, now()) WHERE s.boot_id = $1 AND EXISTS (
  SELECT FROM chat.server o WHERE o.boot_id <> $1 AND o.lease_until > now() AND o.lease_since < now() - interval '4 s'
) RETURNING boot_id;
