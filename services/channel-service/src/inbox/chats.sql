-- Reads a page of a user's chats as the user sees them, most active first, or the one chat
-- `channelId`. `at` (in microseconds since 1970) and `id` are the position at the end of the
-- previous page.
--
-- One statement, because each further round trip costs as much as a call that reads one row. Each
-- row begins with the position of the snapshot, which contains all events whose txid is below
-- `txid`. Times are in microseconds since 1970; `life` is the time when the database server
-- started. If there is no chat, there is one row in which only the position is not null.
--
-- Looks at no more than `maxLooked` unread messages of each chat, and counts at most `maxUnread` of
-- them. `others` has the user id, delivered seq and read seq of each other member, separated by
-- spaces, or nothing in a chat of more than `maxTold` members. The last message has no replies,
-- because a reply would come after it. Its data is null for the chat at which the page exceeds
-- `maxBytes` and for all later ones, by an upper bound of the encoded sizes without reactions.
-- LATERAL with LIMIT makes each lookup an index probe, whatever the statistics say.
-- name: readChats
SELECT position.*, chat.* FROM (
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS txid, (extract(epoch FROM now()) * 1000000)::bigint AS read_at,
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS life LIMIT 1
) position
LEFT JOIN LATERAL (
  SELECT c.at, :CHANNEL,
    CASE WHEN c.owner_id = :readerId AND c.kind <> 'direct' THEN 'owner' ELSE c.role END AS my_rank, o.role AS offered,
    log.last_seq, CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.log_id::text ELSE '' END AS log_id, present.people,
    c.delivered_seq, c.read_seq, c.marked_unread, c.notify, unread.n AS unread, mentions.n AS mentions, others.receipts AS others,
    CASE WHEN c.kind = 'direct' THEN (
      SELECT json_build_object('id', u.id, 'name', u.name, 'number', u.number,
        'blocked', EXISTS (SELECT FROM chat.block b WHERE b.user_id = :readerId AND b.blocked_id = u.id),
        'about', p.about, 'avatarId', coalesce(p.avatar_id::text, ''),
        'lastSeen', coalesce(floor(extract(epoch FROM p.last_seen_at) * 1000)::bigint, 0), 'online', p.online, 'bot', p.bot)
      FROM chat.users u CROSS JOIN LATERAL chat.profile(:readerId, :readerRole, u.id) p
      WHERE u.id = CASE WHEN c.pair_low = :readerId THEN c.pair_high ELSE c.pair_low END
    ) END AS peer,
    entry.seq AS said_seq, entry.kind AS said_kind, entry.sender_id, (SELECT u.number FROM chat.users u WHERE u.id = entry.sender_id) AS number,
    entry.client_id, floor(extract(epoch FROM entry.sent_at) * 1000)::bigint AS sent_ms, entry.target_seq,
    CASE WHEN sum(entry.bytes) OVER (ORDER BY c.at DESC, c.id DESC ROWS UNBOUNDED PRECEDING) <= greatest(:maxBytes::int, entry.bytes) THEN
      CASE WHEN entry.deleted_at IS NULL THEN entry.data ELSE '' END
    END AS data,
    CASE WHEN entry.deleted_at IS NULL THEN entry.content_type ELSE '' END AS content_type,
    CASE WHEN entry.deleted_at IS NULL THEN entry.mentions ELSE '{}' END AS mentioned,
    floor(extract(epoch FROM entry.edited_at) * 1000)::bigint AS edited_ms, entry.deleted_at IS NOT NULL AS deleted,
    :REACTIONS AS reactions, :FILE_IDS AS file_ids
  FROM (
    SELECT x.*, y.members, y.last_at, y.first_seq, y.last_seq, y.log_id, y.instance_id, y.epoch, z.active_at, active.at,
      m.role, m.joined_seq, m.delivered_seq, m.read_seq, m.marked_unread, m.notify
    FROM (
      SELECT * FROM chat.member w WHERE :channelId::int IS NULL AND w.user_id = :readerId AND w.left_seq IS NULL
      UNION ALL
      SELECT * FROM chat.member w WHERE w.channel_id = :channelId AND w.user_id = :readerId AND w.left_seq IS NULL
    ) m
    CROSS JOIN LATERAL (SELECT * FROM chat.channel w WHERE w.id = m.channel_id AND w.kind <> 'room' AND w.deleted_at IS NULL LIMIT 1) x
    CROSS JOIN LATERAL (SELECT * FROM chat.channel_head w WHERE w.channel_id = m.channel_id LIMIT 1) y
    LEFT JOIN LATERAL (SELECT w.active_at FROM chat.listing w WHERE w.channel_id = m.channel_id LIMIT 1) z ON true
    CROSS JOIN LATERAL (SELECT (extract(epoch FROM greatest(y.last_at, z.active_at)) * 1000000)::bigint AS at) active
    WHERE (active.at, x.id) < (:at::bigint, :id::int)
    ORDER BY active.at DESC, x.id DESC LIMIT :size
  ) c
  CROSS JOIN LATERAL (SELECT c.members, c.last_at, c.first_seq, c.last_seq, c.log_id, c.instance_id, c.epoch) h
  CROSS JOIN LATERAL (SELECT c.active_at) l
  LEFT JOIN LATERAL (SELECT x.instance_id FROM chat.server x WHERE x.instance_id = h.instance_id AND x.lease_until > now() LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT x.role FROM chat.offer x WHERE x.channel_id = c.id AND x.user_id = :readerId AND x.lapses_at > now() LIMIT 1) o ON true
  CROSS JOIN LATERAL (
    SELECT count(*) AS people FROM (
      SELECT DISTINCT x.user_id FROM chat.seat x
      WHERE x.channel_id = c.id AND x.live AND x.instance_id IS NOT DISTINCT FROM s.instance_id AND x.epoch = h.epoch LIMIT :maxPresent
    ) seated
  ) present
  CROSS JOIN LATERAL (
    SELECT greatest(h.first_seq, CASE WHEN c.open_history THEN 1 ELSE c.joined_seq + 1 END) AS first_seq,
      CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.last_seq ELSE 0 END AS last_seq,
      greatest(c.read_seq, c.joined_seq) AS read_seq
  ) log
  LEFT JOIN LATERAL (
    SELECT x.*, octet_length(x.data) + 400 + 66 * cardinality(x.mentions) AS bytes FROM chat.message x
    WHERE x.channel_id = c.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.kind IN :SPEECH_KINDS ORDER BY x.seq DESC LIMIT 1
  ) entry ON true
  CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (
      SELECT FROM (
        SELECT x.sender_id, x.deleted_at FROM chat.message x
        WHERE x.channel_id = c.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.seq > log.read_seq AND x.kind IN :SPEECH_KINDS
        ORDER BY x.seq LIMIT :maxLooked
      ) looked WHERE looked.sender_id <> :readerId AND looked.deleted_at IS NULL LIMIT :maxUnread
    ) counted
  ) unread
  CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (
      SELECT FROM (
        SELECT x.sender_id, x.deleted_at, x.mentions FROM chat.message x
        WHERE x.channel_id = c.id AND x.seq BETWEEN log.first_seq AND log.last_seq AND x.seq > log.read_seq AND x.kind IN :SPEECH_KINDS AND x.mentions <> '{}'
        ORDER BY x.seq LIMIT :maxLooked
      ) looked WHERE looked.sender_id <> :readerId AND looked.deleted_at IS NULL AND :readerId = ANY (looked.mentions) LIMIT :maxUnread
    ) counted
  ) mentions
  CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(x.user_id || ' ' || x.delivered_seq || ' ' || x.read_seq, ' '), '') AS receipts FROM chat.member x
    WHERE h.members <= :maxTold AND x.channel_id = c.id AND x.left_seq IS NULL AND x.user_id <> :readerId
      AND (SELECT u.id FROM chat.users u WHERE u.id = x.user_id AND u.private_reads) IS NULL
  ) others
) chat ON true
ORDER BY chat.at DESC, chat.id DESC;
