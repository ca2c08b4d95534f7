-- Subtracts dropped entries from the usage of their channel and senders. $1 channel, then arrays:
-- $2 senders, $3 whether the entries are membership changes, $4 bytes, $5 rows. Run last in the
-- transaction, because writers wait for the head. Locks the head first, then the senders in the
-- order of their ids.
WITH gone AS (
  SELECT * FROM unnest($2::varchar[], $3::boolean[], $4::bigint[], $5::bigint[]) AS g (sender_id, of_members, bytes, rows)
), head AS (
  UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes - s.bytes, stored_rows = h.stored_rows - s.rows
  FROM (SELECT sum(bytes) AS bytes, sum(rows) AS rows FROM gone) s WHERE h.channel_id = $1 RETURNING h.channel_id
)
INSERT INTO chat.usage AS u (user_id, bytes, rows)
SELECT sender_id, -bytes, -rows FROM gone WHERE NOT of_members AND EXISTS (SELECT FROM head) ORDER BY sender_id
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows;
