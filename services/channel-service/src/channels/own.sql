-- Reads a page of a user's own channels, most active first, followed by the user's offers, newest
-- first. $1 to $3 as in listed, $4 user, $5 name (NULL: any).
-- Channel positions are in microseconds and offer positions in seconds, so offers come after
-- channels.
-- Own channels are chats the user is a member of, rooms the user owns, and channels offered to the
-- user. LATERAL with LIMIT makes each an index probe, whatever the statistics.
SELECT c.id, c.at FROM (
  SELECT m.channel_id AS id, NULL::timestamptz AS lapses_at FROM chat.member m WHERE m.user_id = $4 AND m.left_seq IS NULL
  UNION SELECT r.id, NULL FROM chat.channel r WHERE r.owner_id = $4 AND r.kind = 'room' AND r.deleted_at IS NULL
  UNION SELECT o.channel_id, o.lapses_at FROM chat.offer o WHERE o.user_id = $4 AND o.lapses_at > now()
    AND NOT EXISTS (SELECT FROM chat.member m WHERE m.channel_id = o.channel_id AND m.user_id = $4 AND m.left_seq IS NULL)
) mine
CROSS JOIN LATERAL (
  SELECT x.id, x.name, coalesce(
    extract(epoch FROM mine.lapses_at), extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000000)::bigint AS at
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id LEFT JOIN chat.listing l ON l.channel_id = x.id
  WHERE x.id = mine.id AND x.deleted_at IS NULL LIMIT 1
) c
WHERE (c.at, c.id) < ($1::bigint, $2::int) AND ($5::text IS NULL OR lower(c.name) = lower($5))
ORDER BY c.at DESC, c.id DESC LIMIT $3;
