-- Somebody, as far as they may be found: $1 who looks, $2 who is looked for, in capital letters or not, $3 a channel that the looker sees
-- (NULL: none). `met`: they belong to it, are in it now, or have said something there that is kept.
SELECT u.id, u.name, u.number,
  u.status = 'active' AND (u.id = $1 OR CASE u.visibility
    WHEN 'contacts' THEN EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE mine.user_id = $1 AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL)
    ELSE u.visibility <> 'nobody' END) AS reachable,
  $3::int IS NOT NULL AND (
    EXISTS (SELECT FROM chat.member m WHERE m.channel_id = $3 AND m.user_id = u.id)
    OR EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = $3 AND t.user_id = u.id AND t.live)
    OR EXISTS (SELECT FROM chat.message s WHERE s.channel_id = $3 AND s.sender_id = u.id)) AS met
FROM chat.users u WHERE lower(u.id) = lower($2) AND u.status <> 'deleted';
