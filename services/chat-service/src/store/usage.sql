-- Adds to the totals of users; the numbers may be negative. Works in the order of the ids, so that
-- two servers cannot deadlock. Returns the new total of each user, together with the users who
-- share their quota. (`stored_by` reads the totals from before this statement, so it misses what
-- the same call adds for other users.)
-- name: addUsage
WITH added AS (
INSERT INTO chat.usage AS u (user_id, bytes, rows)
SELECT n.user_id, n.bytes, n.rows FROM unnest(:userIds::varchar[], :bytes::bigint[], :rows::bigint[]) AS n (user_id, bytes, rows)
JOIN chat.users x ON x.id = n.user_id ORDER BY n.user_id -- skips accounts that no longer exist
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows
RETURNING user_id
)
SELECT n.user_id, q.bytes + n.bytes AS bytes, q.rows + n.rows AS rows
FROM unnest(:userIds::varchar[], :bytes::bigint[], :rows::bigint[]) AS n (user_id, bytes, rows)
JOIN added USING (user_id) CROSS JOIN LATERAL chat.stored_by(n.user_id) q;
