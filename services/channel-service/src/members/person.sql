-- Reads a user as another user may find them. $1 user who looks, $2 user to find, in any case, $3 a
-- channel visible to the first (NULL: none).
-- `bars`: the user has banned the looker in their direct chat. `shares`: both belong to a chat that
-- is not public. `met`: the user belongs to channel $3, is in it now, or has sent a message that is
-- still kept there.
SELECT u.id, u.name, u.number,
  u.status = 'active' AND (u.id = $1 OR CASE u.visibility
    WHEN 'contacts' THEN EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE mine.user_id = $1 AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL)
    ELSE u.visibility <> 'nobody' END) AS reachable,
  EXISTS (
    SELECT FROM chat.channel d JOIN chat.member b ON b.channel_id = d.id AND b.user_id = $1
    WHERE d.kind = 'direct' AND d.deleted_at IS NULL AND b.banned_until > statement_timestamp()
      AND (d.pair_low = $1 AND d.pair_high = u.id OR d.pair_low = u.id AND d.pair_high = $1)) AS bars,
  EXISTS (
    SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id) JOIN chat.channel c ON c.id = channel_id
    WHERE mine.user_id = $1 AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL
      AND c.kind <> 'public' AND c.deleted_at IS NULL) AS shares,
  $3::int IS NOT NULL AND (
    EXISTS (SELECT FROM chat.member m WHERE m.channel_id = $3 AND m.user_id = u.id)
    OR EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = $3 AND t.user_id = u.id AND t.live)
    OR EXISTS (SELECT FROM chat.message s WHERE s.channel_id = $3 AND s.sender_id = u.id)) AS met
FROM chat.users u WHERE lower(u.id) = lower($2) AND u.status <> 'deleted';
