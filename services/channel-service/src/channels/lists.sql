-- Reads a page of the public list, most active first, without channels that were not used for
-- `maxAgeDays`. `at` (in microseconds since 1970) and `id` are the position at the end of the
-- previous page.
-- name: listPublic
SELECT l.channel_id AS id, (extract(epoch FROM l.active_at) * 1000000)::bigint AS at FROM chat.listing l
WHERE (l.active_at, l.channel_id) < (timestamptz 'epoch' + :at::bigint * interval '1 microsecond', :id::int)
  AND l.active_at > now() - make_interval(days => :maxAgeDays)
ORDER BY l.active_at DESC, l.channel_id DESC LIMIT :size;

-- Reads a page of the channels in the public list that have a name, ignoring case, whether used
-- recently or not. `at` (in microseconds since 1970) and `id` are the position at the end of the
-- previous page.
-- name: listNamed
SELECT l.channel_id AS id, (extract(epoch FROM l.active_at) * 1000000)::bigint AS at FROM chat.listing l
WHERE l.folded_name = lower(:name) AND (l.active_at, l.channel_id) < (timestamptz 'epoch' + :at::bigint * interval '1 microsecond', :id::int)
ORDER BY l.active_at DESC, l.channel_id DESC LIMIT :size;

-- Reads a page of a user's own channels: chats that they are a member of, unless `withoutChats` is
-- set, rooms that they own, and channels offered to them. `name` NULL: any. Channels come first, the most active first, then
-- offers, the newest first: the `at` of a channel is in microseconds since 1970, and that of an
-- offer in seconds, so it is always smaller. `at` and `id` are the position at the end of the
-- previous page. LATERAL with LIMIT makes each lookup an index probe, whatever the statistics say.
-- name: listOwn
SELECT c.id, c.at FROM (
  SELECT m.channel_id AS id, NULL::timestamptz AS lapses_at FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL AND NOT :withoutChats::boolean
  UNION SELECT r.id, NULL FROM chat.channel r WHERE r.owner_id = :userId AND r.kind = 'room' AND r.deleted_at IS NULL
  UNION SELECT o.channel_id, o.lapses_at FROM chat.offer o WHERE o.user_id = :userId AND o.lapses_at > now()
    AND NOT EXISTS (SELECT FROM chat.member m WHERE m.channel_id = o.channel_id AND m.user_id = :userId AND m.left_seq IS NULL)
) mine
CROSS JOIN LATERAL (
  SELECT x.id, x.name, coalesce(
    extract(epoch FROM mine.lapses_at), extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000000)::bigint AS at
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id LEFT JOIN chat.listing l ON l.channel_id = x.id
  WHERE x.id = mine.id AND x.deleted_at IS NULL LIMIT 1
) c
WHERE (c.at, c.id) < (:at::bigint, :id::int) AND (:name::text IS NULL OR lower(c.name) = lower(:name))
ORDER BY c.at DESC, c.id DESC LIMIT :size;

-- Returns a row if the channel exists and the user may see it.
-- name: findVisible
SELECT c.id FROM chat.channel c
WHERE c.id = :channelId AND c.deleted_at IS NULL AND (c.kind IN ('room', 'public')
  OR EXISTS (SELECT FROM chat.member m WHERE m.channel_id = c.id AND m.user_id = :userId AND m.left_seq IS NULL)
  OR EXISTS (SELECT FROM chat.offer o WHERE o.channel_id = c.id AND o.user_id = :userId AND o.lapses_at > now()));
