-- The seats of one user in one channel: $1 the channel, $2 the user. Answers the living servers that have one.
-- Locked in one order, as whoever else ends several does.
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE channel_id = $1 AND user_id = $2 ORDER BY id FOR UPDATE) RETURNING boot_id
)
SELECT s.boot_id, s.internal_addr FROM chat.server s
WHERE s.boot_id IN (SELECT boot_id FROM ended) AND s.lease_until > statement_timestamp();
