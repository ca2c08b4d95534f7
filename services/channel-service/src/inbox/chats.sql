-- Finds a page of a user's chats, most active first. `at` (in microseconds since 1970) and `id` are
-- the position at the end of the previous page. LATERAL with LIMIT makes each lookup an index
-- probe, whatever the statistics say.
-- name: findChats
SELECT c.id, c.at FROM chat.member m
CROSS JOIN LATERAL (
  SELECT x.id, (extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000000)::bigint AS at
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id LEFT JOIN chat.listing l ON l.channel_id = x.id
  WHERE x.id = m.channel_id AND x.kind <> 'room' AND x.deleted_at IS NULL LIMIT 1
) c
WHERE m.user_id = :userId AND m.left_seq IS NULL AND (c.at, c.id) < (:at::bigint, :id::int)
ORDER BY c.at DESC, c.id DESC LIMIT :size;

-- Reads chats as one of their members sees them, in the order of the ids, without chats that the
-- user is not in. Of each chat, looks at no more than `maxLooked` unread messages, and counts at
-- most `maxUnread` of them. `others` has [user id, delivered seq, read seq] of each other member,
-- or nothing in a chat of more than `maxTold` members. `said_bytes` is an upper bound of the
-- encoded size of the last message, without its reactions. LATERAL with LIMIT makes each lookup an
-- index probe, whatever the statistics say.
-- name: readChats
SELECT :CHANNEL,
  CASE WHEN c.owner_id = :userId AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS my_rank, o.role AS offered,
  log.last_seq, CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.log_id::text ELSE '' END AS log_id, present.people,
  m.delivered_seq, m.read_seq, m.marked_unread, m.notify, said.seq AS said_seq, said.bytes AS said_bytes,
  unread.n AS unread, mentions.n AS mentions, coalesce(others.receipts, '[]') AS others
FROM unnest(:channelIds::int[]) WITH ORDINALITY AS page (id, place)
CROSS JOIN LATERAL (SELECT * FROM chat.channel x WHERE x.id = page.id AND x.deleted_at IS NULL LIMIT 1) c
CROSS JOIN LATERAL (SELECT * FROM chat.channel_head x WHERE x.channel_id = page.id LIMIT 1) h
CROSS JOIN LATERAL (SELECT * FROM chat.member x WHERE x.channel_id = page.id AND x.user_id = :userId AND x.left_seq IS NULL LIMIT 1) m
LEFT JOIN LATERAL (SELECT x.active_at FROM chat.listing x WHERE x.channel_id = page.id LIMIT 1) l ON true
LEFT JOIN LATERAL (SELECT x.instance_id FROM chat.server x WHERE x.instance_id = h.instance_id AND x.lease_until > now() LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT x.role FROM chat.offer x WHERE x.channel_id = page.id AND x.user_id = :userId AND x.lapses_at > now() LIMIT 1) o ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS people FROM (
    SELECT DISTINCT x.user_id FROM chat.seat x
    WHERE x.channel_id = page.id AND x.live AND x.instance_id IS NOT DISTINCT FROM s.instance_id AND x.epoch = h.epoch LIMIT :maxPresent
  ) seated
) present
CROSS JOIN LATERAL (
  SELECT greatest(h.first_seq, CASE WHEN c.open_history THEN 1 ELSE m.joined_seq + 1 END) AS first_seq,
    CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.last_seq ELSE 0 END AS last_seq,
    greatest(m.read_seq, m.joined_seq) AS read_seq
) log
LEFT JOIN LATERAL (
  SELECT x.seq, octet_length(x.data) + 400 + 66 * cardinality(x.mentions) AS bytes FROM chat.message x
  WHERE x.channel_id = page.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.kind IN :SPEECH_KINDS ORDER BY x.seq DESC LIMIT 1
) said ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM (
      SELECT x.sender_id, x.deleted_at FROM chat.message x
      WHERE x.channel_id = page.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.seq > log.read_seq AND x.kind IN :SPEECH_KINDS
      ORDER BY x.seq LIMIT :maxLooked
    ) looked WHERE looked.sender_id <> :userId AND looked.deleted_at IS NULL LIMIT :maxUnread
  ) counted
) unread
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM (
    SELECT FROM (
      SELECT x.sender_id, x.deleted_at, x.mentions FROM chat.message x
      WHERE x.channel_id = page.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.seq > log.read_seq AND x.kind IN :SPEECH_KINDS AND x.mentions <> '{}'
      ORDER BY x.seq LIMIT :maxLooked
    ) looked WHERE looked.sender_id <> :userId AND looked.deleted_at IS NULL AND :userId = ANY (looked.mentions) LIMIT :maxUnread
  ) counted
) mentions
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_array(x.user_id, x.delivered_seq, x.read_seq)) AS receipts FROM chat.member x
  WHERE h.members <= :maxTold AND x.channel_id = page.id AND x.left_seq IS NULL AND x.user_id <> :userId
    AND (SELECT u.id FROM chat.users u WHERE u.id = x.user_id AND u.private_reads) IS NULL
) others
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
