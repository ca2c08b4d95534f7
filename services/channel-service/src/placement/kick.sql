-- Deletes seats. $1 channel (NULL: all channels), $2 user (NULL: all users). Returns the live
-- servers that had some, and how many. Locks the seats in id order, like every other statement that
-- ends several, to avoid deadlocks.
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (
    SELECT id FROM chat.seat WHERE ($1::int IS NULL OR channel_id = $1) AND ($2::varchar IS NULL OR user_id = $2) ORDER BY id FOR UPDATE
  ) RETURNING boot_id
)
SELECT s.boot_id, s.internal_addr, count(*) AS seats FROM ended JOIN chat.server s ON s.boot_id = ended.boot_id
WHERE s.lease_until > statement_timestamp() GROUP BY s.boot_id, s.internal_addr;
