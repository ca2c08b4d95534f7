-- Deletes the seats of user $2 in channel $1 and returns the live servers that had one.
-- Locks the seats in id order, like every other statement that ends several, to avoid deadlocks.
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE channel_id = $1 AND user_id = $2 ORDER BY id FOR UPDATE) RETURNING boot_id
)
SELECT s.boot_id, s.internal_addr FROM chat.server s
WHERE s.boot_id IN (SELECT boot_id FROM ended) AND s.lease_until > statement_timestamp();
