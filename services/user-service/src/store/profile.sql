-- Reads the visible part of a profile. $1 reader, $2 role of the reader, $3 user id or NULL, $4
-- user number or NULL.
SELECT u.id, u.number, u.name, u.role, u.status, u.about, u.avatar_id, u.last_seen_at,
  CASE WHEN u.id = $1 OR $2::text = 'admin' THEN u.email END AS email,
  EXISTS (SELECT FROM chat.seat s WHERE s.user_id = u.id AND s.live) AS online
FROM chat.users u
WHERE (lower(u.id) = lower($3) OR u.number = $4::int)
  AND (u.id = $1 OR $2 = 'admin' OR u.status <> 'deleted' AND CASE u.visibility
    WHEN 'everyone' THEN true
    WHEN 'users' THEN $2 <> 'guest'
    WHEN 'contacts' THEN EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE mine.user_id = $1 AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL)
    ELSE false END);
