-- Reads the subject of a hold, deleted or not: a channel by id, or a user by id in any case.
-- name: findHoldSubject
SELECT id AS channel_id, NULL::varchar AS user_id FROM chat.channel WHERE id = :channelId
UNION ALL SELECT NULL, id FROM chat.users WHERE lower(id) = lower(:userId);

-- Sets a hold. Returns no row if one on the same subject stands.
-- name: setHold
INSERT INTO chat.hold (channel_id, user_id, reason, set_by) VALUES (:channelId, :userId, :reason, :setBy)
ON CONFLICT DO NOTHING RETURNING id, floor(extract(epoch FROM set_at) * 1000)::bigint AS set_ms;

-- Lists the holds that stand, newest first, before the hold `beforeId` (NULL: from the newest).
-- name: listHolds
SELECT id, channel_id, user_id, reason, set_by, floor(extract(epoch FROM set_at) * 1000)::bigint AS set_ms
FROM chat.hold WHERE released_at IS NULL AND (:beforeId::bigint IS NULL OR id < :beforeId) ORDER BY id DESC LIMIT :size;

-- Reads a hold that stands.
-- name: readHold
SELECT id, channel_id, user_id, reason, set_by, floor(extract(epoch FROM set_at) * 1000)::bigint AS set_ms
FROM chat.hold WHERE released_at IS NULL AND id = :holdId;

-- name: countHolds
SELECT count(*) AS count FROM chat.hold WHERE released_at IS NULL;

-- name: releaseHold
UPDATE chat.hold SET released_at = now() WHERE id = :holdId AND released_at IS NULL RETURNING id, channel_id, user_id;

-- Reads the next channels by id in which a hold covers messages. `is_whole`: it covers all messages
-- of the channel, not only those of its user. The ORDER BY in the subquery makes PostgreSQL use the
-- index.
-- name: heldChannels
SELECT c.id, c.kind::text AS kind, c.name, c.owner_id, c.pair_low, c.pair_high, c.created_at, c.deleted_at, it.is_whole
FROM chat.channel c CROSS JOIN LATERAL (
  SELECT :channelId::int IS NOT NULL
    OR c.kind IN ('direct', 'group') AND EXISTS (SELECT FROM chat.member m WHERE m.channel_id = c.id AND m.user_id = :userId) AS is_whole
) it
WHERE c.id > :afterChannel AND (:channelId::int IS NULL OR c.id = :channelId) AND (it.is_whole OR (
  SELECT m.client_id FROM chat.message m WHERE m.channel_id = c.id AND m.sender_id = :userId::varchar ORDER BY m.client_id LIMIT 1
) IS NOT NULL)
ORDER BY c.id LIMIT :size;

-- Reads all entries of a channel, by seq.
-- name: heldEntries
SELECT m.seq::text AS position, m.channel_id, m.seq, m.kind, m.sender_id, m.sent_at, m.target_seq, m.content_type, m.data, m.mentions,
  m.edited_at,
  ARRAY(SELECT l.file_id FROM chat.message_file l WHERE l.channel_id = m.channel_id AND l.seq = m.seq ORDER BY l.place) AS file_ids, m.deleted_at
FROM chat.message m WHERE m.channel_id = :channelId AND m.seq > :after::text::bigint ORDER BY m.seq LIMIT :size;

-- Reads the entries of a user in a channel, by client id.
-- name: heldEntriesOf
SELECT m.client_id::text AS position, m.channel_id, m.seq, m.kind, m.sender_id, m.sent_at, m.target_seq, m.content_type, m.data, m.mentions,
  m.edited_at,
  ARRAY(SELECT l.file_id FROM chat.message_file l WHERE l.channel_id = m.channel_id AND l.seq = m.seq ORDER BY l.place) AS file_ids, m.deleted_at
FROM chat.message m WHERE m.channel_id = :channelId AND m.sender_id = :userId AND m.client_id > :after::text::uuid
ORDER BY m.client_id LIMIT :size;

-- Reads the copies that a hold covers, in the order in which they were made.
-- name: keptEntries
SELECT k.id::text AS position, k.channel_id, k.seq, k.kind, k.sender_id, k.sent_at, k.target_seq, k.content_type, k.data, k.mentions,
  k.edited_at,
  ARRAY(SELECT f.file_id FROM chat.kept_file f WHERE f.kept_id = k.id ORDER BY f.place) AS file_ids, k.cause, k.kept_at
FROM chat.kept_message k
WHERE k.id > :after::text::bigint AND (k.channel_id = :channelId::int OR k.sender_id = :userId::varchar OR EXISTS (
  SELECT FROM chat.channel c JOIN chat.member m ON m.channel_id = c.id AND m.user_id = :userId
  WHERE c.id = k.channel_id AND c.kind IN ('direct', 'group')
))
ORDER BY k.id LIMIT :size;

-- name: heldFile
SELECT id, owner_id, name, content_type, size, in_s3 FROM chat.file WHERE id = :fileId AND complete;

-- name: heldPiece
SELECT chat.held_piece(:fileId, :at) AS data;
