-- All statements of one export run in the same transaction, so they see the database at one moment.
-- Entries below `first_seq` are no longer shown and are left out.

-- Identifies this system, and reads the moment of the export.
-- name: readSource
SELECT md5(coalesce(t.cluster::text, '') || '/' || current_database()) AS source, floor(extract(epoch FROM now()) * 1000)::bigint AS moment_ms
FROM chat.current_timeline() t;

-- Reads channels by id. NULL: all.
-- name: readExportedChannels
SELECT c.id, c.kind::text AS kind, c.name, c.owner_id, c.pair_low, c.pair_high, c.user_limit, c.retention_seconds, c.retention_count, c.open_history,
  c.metadata, floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_ms, :SETTINGS
FROM chat.channel c WHERE c.deleted_at IS NULL AND (:channelIds::int[] IS NULL OR c.id = ANY (:channelIds)) ORDER BY c.id;

-- Reads everyone whom these channels mention: owners, members, senders, and people who are named in
-- messages, have reacted or have pinned. `changed`: people in changes of members.
-- name: readPeople
SELECT u.id, u.name, u.about, u.bot, u.role, u.status, floor(extract(epoch FROM u.created_at) * 1000)::bigint AS created_ms
FROM chat.users u WHERE u.id IN (
  SELECT owner_id FROM chat.channel WHERE id = ANY (:channelIds::int[])
  UNION SELECT pair_low FROM chat.channel WHERE id = ANY (:channelIds)
  UNION SELECT pair_high FROM chat.channel WHERE id = ANY (:channelIds)
  UNION SELECT user_id FROM chat.member WHERE channel_id = ANY (:channelIds)
  UNION SELECT sender_id FROM chat.message WHERE channel_id = ANY (:channelIds)
  UNION SELECT unnest(mentions) FROM chat.message WHERE channel_id = ANY (:channelIds) AND mentions <> '{}'
  UNION SELECT pinned_by FROM chat.message WHERE channel_id = ANY (:channelIds) AND pinned_at IS NOT NULL
  UNION SELECT user_id FROM chat.reaction WHERE channel_id = ANY (:channelIds)
  UNION SELECT unnest(:changed::varchar[])
) ORDER BY u.id;

-- Reads who was in changes of members.
-- name: readChanges
SELECT m.data FROM chat.message m JOIN chat.channel_head h ON h.channel_id = m.channel_id AND m.seq >= h.first_seq
WHERE m.channel_id = ANY (:channelIds::int[]) AND m.kind = :KIND_MEMBER;

-- Reads the messages and changes of members of a channel, in order. `n` numbers them from 1, and
-- `reply_to` is the number of the message that a reply is about. Mentions of
-- people who no longer exist are left out.
-- name: readExportedEntries
WITH log AS (
  SELECT m.seq, m.kind, row_number() OVER (ORDER BY m.seq) AS n FROM chat.message m
  WHERE m.channel_id = :channelId AND m.kind IN :HISTORY_KINDS AND m.seq >= (SELECT h.first_seq FROM chat.channel_head h WHERE h.channel_id = :channelId)
)
SELECT log.n, m.seq, m.kind, m.sender_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms, target.n AS reply_to, m.content_type, m.data,
  ARRAY(SELECT u.id FROM unnest(m.mentions) WITH ORDINALITY AS x (id, k) JOIN chat.users u ON u.id = x.id ORDER BY x.k) AS mentions,
  floor(extract(epoch FROM m.edited_at) * 1000)::bigint AS edited_ms, floor(extract(epoch FROM m.deleted_at) * 1000)::bigint AS deleted_ms,
  floor(extract(epoch FROM m.pinned_at) * 1000)::bigint AS pinned_ms, m.pinned_by,
  (SELECT coalesce(json_agg(json_build_object('emoji', r.emoji, 'people', r.people)), '[]') FROM (
    SELECT x.emoji, json_agg(x.user_id ORDER BY x.user_id) AS people FROM chat.reaction x
    WHERE x.channel_id = m.channel_id AND x.seq = m.seq GROUP BY x.emoji ORDER BY x.emoji COLLATE "C"
  ) r) AS reactions,
  ARRAY(SELECT l.file_id FROM chat.message_file l WHERE l.channel_id = m.channel_id AND l.seq = m.seq ORDER BY l.place) AS file_ids
FROM log JOIN chat.message m ON m.channel_id = :channelId AND m.seq = log.seq
LEFT JOIN log target ON target.seq = m.target_seq AND target.kind <> :KIND_MEMBER
ORDER BY log.n;

-- Reads the members of a channel, former ones, and people who are muted or banned in it. Bots are
-- left out, because their tokens do not move.
-- name: readExportedMembers
SELECT m.user_id, m.role, m.left_seq IS NOT NULL AS is_out, m.left_by_choice, m.joined_seq, m.stay_seq, m.read_seq, m.delivered_seq, m.notify, m.marked_unread,
  floor(extract(epoch FROM m.joined_at) * 1000)::bigint AS joined_ms,
  CASE WHEN m.muted_until > now() THEN m.muted_until END AS muted_until, CASE WHEN m.banned_until > now() THEN m.banned_until END AS banned_until
FROM chat.member m JOIN chat.users u ON u.id = m.user_id AND NOT u.bot
WHERE m.channel_id = :channelId ORDER BY m.user_id;

-- Reads a file, without its bytes.
-- name: readFile
SELECT f.owner_id, f.name, f.content_type, f.size, f.width, f.height, f.in_s3, t.data AS thumbnail
FROM chat.file f LEFT JOIN chat.thumbnail t ON t.file_id = f.id WHERE f.id = :fileId AND f.complete;

-- Reads the next piece of a file, from byte `n` on.
-- name: readPiece
SELECT c.data FROM chat.file_chunk c WHERE c.file_id = :fileId AND c.n = :n;
