-- Ends seats: $1 in this channel (NULL: everywhere), $2 of this user (NULL: of everybody). Answers the living servers that had some,
-- and how many. Locked in one order, as whoever else ends several does.
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (
    SELECT id FROM chat.seat WHERE ($1::int IS NULL OR channel_id = $1) AND ($2::varchar IS NULL OR user_id = $2) ORDER BY id FOR UPDATE
  ) RETURNING boot_id
)
SELECT s.boot_id, s.internal_addr, count(*) AS seats FROM ended JOIN chat.server s ON s.boot_id = ended.boot_id
WHERE s.lease_until > statement_timestamp() GROUP BY s.boot_id, s.internal_addr;
