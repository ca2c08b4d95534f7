-- Finds a page of a user's chats, most active first. `at` and `id` are the position at the end of
-- the previous page, in microseconds. LATERAL with LIMIT makes each lookup an index probe, whatever
-- the statistics say.
-- name: findChats
SELECT c.id, c.at FROM chat.member m
CROSS JOIN LATERAL (
  SELECT x.id, (extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000000)::bigint AS at
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id LEFT JOIN chat.listing l ON l.channel_id = x.id
  WHERE x.id = m.channel_id AND x.kind <> 'room' AND x.deleted_at IS NULL LIMIT 1
) c
WHERE m.user_id = :userId AND m.left_seq IS NULL AND (c.at, c.id) < (:at::bigint, :id::int)
ORDER BY c.at DESC, c.id DESC LIMIT :size;

-- Reads chats as one of their members sees them, in the order of the ids, without those that the
-- user is not in. Looks at no more than `maxLooked` messages of a chat, and counts no more than
-- `maxUnread` of them. `others` are [id, delivered, read], in chats of at most `maxTold` members.
-- `last_bytes` is an upper bound of the encoded size of the last message, without its
-- reactions.
-- name: readChats
SELECT c.id, m.delivered_seq, m.read_seq, m.marked_unread, m.notify, last.seq AS last_seq, last.bytes AS last_bytes,
  unread.n AS unread, mentions.n AS mentions, coalesce(others.receipts, '[]') AS others
FROM unnest(:channelIds::int[]) WITH ORDINALITY AS page (id, place)
CROSS JOIN LATERAL (
  SELECT x.id, greatest(h.first_seq, CASE WHEN x.open_history THEN 1 ELSE y.joined_seq + 1 END) AS first_seq,
    CASE WHEN x.retention_seconds IS DISTINCT FROM 0 THEN h.last_seq ELSE 0 END AS last_seq
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id JOIN chat.member y ON y.channel_id = x.id AND y.user_id = :userId
  WHERE x.id = page.id AND x.deleted_at IS NULL LIMIT 1
) c
CROSS JOIN LATERAL (
  SELECT x.*, greatest(x.read_seq + 1, x.joined_seq + 1, c.first_seq) AS unread_from
  FROM chat.member x WHERE x.channel_id = page.id AND x.user_id = :userId AND x.left_seq IS NULL LIMIT 1
) m
LEFT JOIN LATERAL (
  SELECT x.seq, octet_length(x.data) + 400 + 66 * cardinality(x.mentions) AS bytes FROM chat.message x
  WHERE x.channel_id = page.id AND x.seq BETWEEN c.first_seq AND c.last_seq AND x.kind IN :SPEECH_KINDS ORDER BY x.seq DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM (
      SELECT x.sender_id, x.deleted_at FROM chat.message x
      WHERE x.channel_id = page.id AND x.seq BETWEEN m.unread_from AND c.last_seq AND x.kind IN :SPEECH_KINDS ORDER BY x.seq LIMIT :maxLooked
    ) said WHERE said.sender_id <> :userId AND said.deleted_at IS NULL LIMIT :maxUnread
  ) counted
) unread
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM (
      SELECT x.sender_id, x.deleted_at, x.mentions FROM chat.message x
      WHERE x.channel_id = page.id AND x.seq BETWEEN m.unread_from AND c.last_seq AND x.kind IN :SPEECH_KINDS AND x.mentions <> '{}'
      ORDER BY x.seq LIMIT :maxLooked
    ) said WHERE said.sender_id <> :userId AND said.deleted_at IS NULL AND :userId = ANY (said.mentions) LIMIT :maxUnread
  ) counted
) mentions
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(o.user_id, o.delivered_seq, o.read_seq)) AS receipts
  FROM (
    SELECT x.user_id, x.delivered_seq, x.read_seq, count(*) OVER () AS members FROM (
      SELECT y.user_id, y.delivered_seq, y.read_seq FROM chat.member y WHERE y.channel_id = page.id AND y.left_seq IS NULL LIMIT :maxTold::bigint + 1
    ) x
  ) o
  WHERE o.members <= :maxTold AND o.user_id <> :userId AND NOT (SELECT u.private_reads FROM chat.users u WHERE u.id = o.user_id)
) others ON true
ORDER BY page.place;

-- Reads the other users of a user's direct chats, as the user may see them.
-- name: readPeers
SELECT c.id AS channel_id, u.id, u.name, u.number, EXISTS (SELECT FROM chat.block b WHERE b.user_id = :userId AND b.blocked_id = u.id) AS blocked,
  p.about, p.avatar_id, p.last_seen_at, p.online, p.bot
FROM chat.channel c JOIN chat.users u ON u.id = CASE WHEN c.pair_low = :userId THEN c.pair_high ELSE c.pair_low END
CROSS JOIN LATERAL chat.profile(:userId, :userRole, u.id) p
WHERE c.id = ANY (:channelIds::int[]) AND c.kind = 'direct';

-- Reads which events this snapshot contains: all whose txid is below `txid`. Times are in
-- microseconds since 1970; `life` is the time at which the database server started.
-- name: readPosition
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS txid, (extract(epoch FROM now()) * 1000000)::bigint AS at,
  (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS life;
