-- Reads which part of a channel a user may read. `banned_for_ms`, here and below: the remaining
-- time of a ban in milliseconds, at most 24 days; 0 if there is none.
-- name: readAccess
SELECT c.kind, c.owner_id, c.retention_seconds IS DISTINCT FROM 0 AS has_history, c.open_history, h.log_id, h.first_seq, h.last_seq,
  m.role, m.joined_seq, m.left_seq, m.user_id IS NOT NULL AND m.left_seq IS NULL AS inside,
  CASE WHEN m.banned_until > now() THEN ceil(extract(epoch FROM least(m.banned_until, now() + interval '24 d') - now()) * 1000)::int ELSE 0 END AS banned_for_ms
FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = :userId
WHERE c.id = :channelId AND c.deleted_at IS NULL;

-- Reads the memberships of one or two users in a channel, by ids in any case. Run after
-- lockChannel. `known`: the user has a row, even if only for a mute or a ban. `belonged`: the user
-- is or was a member. (Only the row of a user who was never a member has left_seq = 0 without
-- left_by_choice.) Uses an array of known length, so that the statement is not planned on each
-- call.
-- name: readMembershipRows
SELECT w.asked_id, w.user_id, m.role, m.user_id IS NOT NULL AS known, m.user_id IS NOT NULL AND m.left_seq IS NULL AS inside,
  m.user_id IS NOT NULL AND (m.left_seq IS NULL OR m.left_seq > 0 OR m.left_by_choice) AS belonged,
  coalesce(m.left_by_choice, false) AS left_by_choice,
  CASE WHEN m.banned_until > statement_timestamp() THEN ceil(extract(epoch FROM least(m.banned_until, statement_timestamp() + interval '24 d') - statement_timestamp()) * 1000)::int ELSE 0 END AS banned_for_ms,
  o.role AS offered, o.offered_by
FROM unnest(ARRAY[:userId::varchar, :otherId::varchar]) AS a (id)
CROSS JOIN LATERAL (SELECT a.id AS asked_id, coalesce((SELECT u.id FROM chat.users u WHERE lower(u.id) = lower(a.id)), a.id) AS user_id LIMIT 1) w
LEFT JOIN LATERAL (SELECT * FROM chat.member x WHERE x.channel_id = :channelId AND x.user_id = w.user_id LIMIT 1) m ON true
LEFT JOIN LATERAL (
  SELECT * FROM chat.offer x WHERE x.channel_id = :channelId AND x.user_id = w.user_id AND x.lapses_at > statement_timestamp() LIMIT 1
) o ON true
WHERE a.id IS NOT NULL;

-- Reads a page of the members of a channel, with their offers, by id. `includePast` adds past
-- members and banned non-members. `onlyPublic` leaves out users whom not everyone may find.
-- name: listMembers
SELECT page.id, page.name, page.number, page.inside, page.rank, page.offered, page.blocked, page.joined_ms, p.about, p.avatar_id, p.last_seen_at, p.online, p.bot
FROM (
  SELECT u.id, u.name, u.number, m.left_seq IS NULL AS inside,
    CASE WHEN c.owner_id = u.id AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS rank, o.role AS offered,
    EXISTS (SELECT FROM chat.block k WHERE k.user_id = :readerId AND k.blocked_id = u.id) AS blocked,
    CASE WHEN m.left_seq IS NULL THEN floor(extract(epoch FROM m.joined_at) * 1000)::bigint ELSE 0 END AS joined_ms
  FROM chat.member m JOIN chat.users u ON u.id = m.user_id JOIN chat.channel c ON c.id = m.channel_id
  LEFT JOIN chat.offer o ON o.channel_id = m.channel_id AND o.user_id = m.user_id AND o.lapses_at > now() AND (:includePast OR o.user_id = :readerId)
  WHERE m.channel_id = :channelId AND m.user_id > :afterId AND (m.left_seq IS NULL OR :includePast) AND (NOT :onlyPublic OR u.visibility IN ('everyone', 'users'))
  ORDER BY m.user_id LIMIT :size
) page CROSS JOIN LATERAL chat.profile(:readerId, :readerRole, page.id) p
ORDER BY page.id;

-- Reads a user, by id in any case, and the facts that decide whether the viewer may find and
-- contact them. `visible`: the viewer may see the user's profile. `reachable`: the user is also
-- active. `direct_id`: their direct chat. `bars`: the user has blocked the viewer, or has banned
-- the viewer in that chat. `blocked`: the viewer has blocked the user. `shares`: both belong to a
-- chat that is not public. `met`: the user has a member row in the channel (current or past), is in
-- it now, or has sent a message that is still stored there. `seen`: the viewer could see the user
-- in the channel: both were members at one time, or in a room, the user has sent a message that is
-- still stored, or both are in it now (the owner need not be). Both are false if `channelId` is
-- NULL. `is_elsewhere`: the user is a bot that was made for another channel.
-- name: findUser
SELECT u.id, u.name, u.number, v.visible, v.visible AND u.status = 'active' AS reachable,
  d.id AS direct_id,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = u.id AND k.blocked_id = :lookerId) OR EXISTS (
    SELECT FROM chat.member b WHERE b.channel_id = d.id AND b.user_id = :lookerId AND b.banned_until > statement_timestamp()) AS bars,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = :lookerId AND k.blocked_id = u.id) AS blocked,
  EXISTS (
    SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id) JOIN chat.channel c ON c.id = channel_id
    WHERE mine.user_id = :lookerId AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL
      AND c.kind <> 'public' AND c.deleted_at IS NULL) AS shares,
  :channelId::int IS NOT NULL AND (
    EXISTS (SELECT FROM chat.member m WHERE m.channel_id = :channelId AND m.user_id = u.id)
    OR EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = :channelId AND t.user_id = u.id AND t.live)
    OR (SELECT s.client_id FROM chat.message s WHERE s.channel_id = :channelId AND s.sender_id = u.id ORDER BY s.client_id LIMIT 1) IS NOT NULL) AS met,
  :channelId::int IS NOT NULL AND (
    EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE channel_id = :channelId AND mine.user_id = :lookerId AND theirs.user_id = u.id
        AND coalesce(mine.left_seq, 'infinity'::float8) > theirs.joined_seq AND coalesce(theirs.left_seq, 'infinity'::float8) > mine.joined_seq)
    OR EXISTS (
      SELECT FROM chat.channel r WHERE r.id = :channelId AND r.kind = 'room' AND (
        (SELECT s.client_id FROM chat.message s WHERE s.channel_id = :channelId AND s.sender_id = u.id ORDER BY s.client_id LIMIT 1) IS NOT NULL
        OR EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = :channelId AND t.user_id = u.id AND t.live)
          AND (r.owner_id = :lookerId OR EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = :channelId AND t.user_id = :lookerId AND t.live))))) AS seen,
  EXISTS (SELECT FROM chat.bot b WHERE b.user_id = u.id AND b.channel_id <> :channelId) AS is_elsewhere, u.bot AS is_bot
FROM chat.users u LEFT JOIN chat.channel d ON d.kind = 'direct' AND d.deleted_at IS NULL
  AND (d.pair_low = :lookerId AND d.pair_high = u.id OR d.pair_low = u.id AND d.pair_high = :lookerId)
CROSS JOIN LATERAL (SELECT chat.sees(:lookerId, 'user', u.id, u.status, u.visibility) AS visible OFFSET 0) v
WHERE lower(u.id) = lower(:userId) AND u.status <> 'deleted';
