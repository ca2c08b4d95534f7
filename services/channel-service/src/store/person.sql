-- Somebody, as far as they may be found: $1 who looks, $2 who is looked for.
SELECT u.id, u.name, u.number,
  u.status = 'active' AND (u.id = $1 OR CASE u.visibility
    WHEN 'contacts' THEN EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE mine.user_id = $1 AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL)
    ELSE u.visibility <> 'nobody' END) AS reachable
FROM chat.users u WHERE u.id = $2 AND u.status <> 'deleted';
