-- Adds to what each user has stored: $1 users, $2 bytes, $3 rows, which may be negative. Works in
-- the order of the ids, so that two servers cannot deadlock. Returns the new totals of each user.
INSERT INTO chat.usage AS u (user_id, bytes, rows)
SELECT n.user_id, n.bytes, n.rows FROM unnest($1::varchar[], $2::bigint[], $3::bigint[]) AS n (user_id, bytes, rows)
JOIN chat.users x ON x.id = n.user_id ORDER BY n.user_id -- skips accounts that no longer exist
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows
RETURNING user_id, bytes, rows;
