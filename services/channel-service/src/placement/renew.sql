-- Stores a report without addresses. $1 boot_id, $2 state, $3 load, $4 seats (each NULL:
-- unchanged), $5 metric. Returns no row if the server is unknown or was registered by other keys.
UPDATE chat.server s SET load = coalesce($3, load), seats = coalesce($4, seats), metric = $5, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, $2::text) THEN 'stopped' WHEN 'draining' IN (s.state, $2::text) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, $2::text) THEN least(lease_until, now())
    WHEN lease_until > now() + interval '30 s' THEN now() + interval '3 s' ELSE greatest(lease_until, now() + interval '3 s') END
WHERE boot_id = $1 AND chain IS NOT DISTINCT FROM (
  SELECT k.chain FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = $1::uuid::text ORDER BY k.nth DESC LIMIT 1)
RETURNING boot_id;
