-- Takes the turn of the only import. The session holds it until its end.
-- name: takeTurn
SELECT pg_try_advisory_lock(hashtext('parley import')) AS is_mine;

-- name: releaseTurn
SELECT pg_advisory_unlock(hashtext('parley import')) AS was_mine;

-- name: readNow
SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms;

-- Finds accounts by id, ignoring case.
-- name: findAccounts
SELECT u.id FROM chat.users u WHERE lower(u.id) = ANY (:ids::text[]);

-- Reads the accounts of the people of a source who have been imported.
-- name: findImportedPeople
SELECT i.id, u.id AS user_id FROM chat.imported i JOIN chat.users u ON u.id = i.user_id WHERE i.source = :source AND i.kind = 'person';

-- Reads the channels of a source that have been imported, completely or not. `has_all`: whether an
-- incomplete channel still has everything that was imported.
-- name: findImportedChannels
SELECT i.id, i.channel_id, i.done_at IS NOT NULL AS is_done, coalesce(h.last_seq, 0) AS entries, coalesce(h.first_seq = 1 AND c.deleted_at IS NOT NULL, false) AS has_all
FROM chat.imported i LEFT JOIN chat.channel c ON c.id = i.channel_id LEFT JOIN chat.channel_head h ON h.channel_id = i.channel_id
WHERE i.source = :source AND i.kind = 'channel';

-- Creates accounts that no password opens. Returns those whose id was free.
-- name: importAccounts
INSERT INTO chat.users (id, name, password_hash, about, bot, status, created_at)
SELECT n.id, n.name, '!', n.about, n.bot, n.status, coalesce(to_timestamp(n.created_ms / 1000.0), now())
FROM unnest(:ids::varchar[], :names::varchar[], :abouts::varchar[], :bots::boolean[], :statuses::text[], :createdMs::bigint[]) AS n (id, name, about, bot, status, created_ms)
ON CONFLICT DO NOTHING RETURNING id;

-- Adds bots whose tokens are void.
-- name: addBots
INSERT INTO chat.bot (user_id, revoked_at) SELECT u.id, now() FROM chat.users u WHERE u.id = ANY (:ids::varchar[]) AND u.bot ON CONFLICT DO NOTHING;

-- Records which accounts the people of a source have here.
-- name: recordPeople
INSERT INTO chat.imported (source, kind, id, user_id, done_at)
SELECT :source::varchar, 'person', n.id, n.user_id, now() FROM unnest(:ids::varchar[], :userIds::varchar[]) AS n (id, user_id) ON CONFLICT DO NOTHING;

-- Creates a channel that nobody sees: it is marked as deleted until everything is in it.
-- name: addChannel
INSERT INTO chat.channel (owner_id, name, user_limit, kind, pair_low, pair_high, retention_seconds, retention_count, :SETTING_COLUMNS, open_history, metadata,
  created_at, deleted_at)
VALUES (:ownerId, :name, :limit, :kind::chat.channel_kind, :pairLow, :pairHigh, :retentionSeconds, :retentionCount, :SETTING_VALUES, :openHistory, :metadata::json,
  coalesce(to_timestamp(:createdMs::bigint / 1000.0), now()), now())
RETURNING id;

-- name: recordChannel
INSERT INTO chat.imported (source, kind, id, channel_id) VALUES (:source, 'channel', :id, :channelId)
ON CONFLICT (source, kind, id) DO UPDATE SET channel_id = excluded.channel_id;

-- Makes the next import create an incomplete channel anew. What is stored of it is removed after a day.
-- name: forgetChannel
UPDATE chat.imported SET channel_id = NULL WHERE source = :source AND kind = 'channel' AND id = :id AND done_at IS NULL;

-- Keeps an incomplete channel for another day.
-- name: keepChannel
UPDATE chat.channel SET deleted_at = now() WHERE id = :channelId;

-- Appends entries after the seq `afterSeq`, and nothing if the log does not end there. Returns the
-- seqs of the new entries.
-- name: addEntries
INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, digest, mentions, edited_at, deleted_at,
  pinned_at, pinned_by)
SELECT h.channel_id, h.last_seq + i.k, i.kind, i.sender_id, gen_random_uuid(), to_timestamp(i.sent_ms / 1000.0), i.target_seq, i.content_type, i.data, sha256(i.data),
  coalesce(string_to_array(i.mentions, ','), '{}'), to_timestamp(i.edited_ms / 1000.0), to_timestamp(i.deleted_ms / 1000.0), to_timestamp(i.pinned_ms / 1000.0), i.pinned_by
FROM unnest(:kinds::smallint[], :senderIds::varchar[], :sentMs::bigint[], :targetSeqs::bigint[], :contentTypes::varchar[], :data::bytea[], :mentions::text[],
    :editedMs::bigint[], :deletedMs::bigint[], :pinnedMs::bigint[], :pinnedBy::varchar[])
  WITH ORDINALITY AS i (kind, sender_id, sent_ms, target_seq, content_type, data, mentions, edited_ms, deleted_ms, pinned_ms, pinned_by, k)
JOIN chat.channel_head h ON h.channel_id = :channelId AND h.last_seq = :afterSeq
RETURNING seq;

-- Reads an entry that an earlier import has stored.
-- name: findEntry
SELECT m.sender_id, round(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms, m.data FROM chat.message m
WHERE m.channel_id = :channelId AND m.seq = :seq;

-- Counts appended entries in the head of the channel and for their senders.
-- name: countEntries
WITH added AS (
  SELECT m.sender_id, m.kind, m.sent_at, chat.stored_bytes(m.data, m.content_type, m.mentions) AS bytes
  FROM chat.message m WHERE m.channel_id = :channelId AND m.seq > :afterSeq
), head AS (
  UPDATE chat.channel_head h SET last_seq = h.last_seq + a.rows, last_at = a.last_at, stored_bytes = h.stored_bytes + a.bytes, stored_rows = h.stored_rows + a.rows
  FROM (SELECT count(*) AS rows, sum(bytes) AS bytes, max(sent_at) AS last_at FROM added) a WHERE h.channel_id = :channelId AND a.rows > 0
)
INSERT INTO chat.usage AS u (user_id, bytes, rows)
SELECT sender_id, sum(bytes), count(*) FROM added WHERE kind <> :KIND_MEMBER GROUP BY sender_id ORDER BY sender_id
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows;

-- name: addReactions
INSERT INTO chat.reaction (channel_id, seq, user_id, emoji)
SELECT :channelId::int, n.seq, n.user_id, n.emoji FROM unnest(:seqs::bigint[], :userIds::varchar[], :emoji::varchar[]) AS n (seq, user_id, emoji) ON CONFLICT DO NOTHING;

-- name: linkFiles
INSERT INTO chat.message_file (channel_id, seq, file_id, place)
SELECT :channelId::int, n.seq, n.file_id, n.place FROM unnest(:seqs::bigint[], :fileIds::uuid[], :places::smallint[]) AS n (seq, file_id, place);

-- Creates a file without bytes. If no message gets it, it is purged after a day.
-- name: addFile
WITH counter AS (INSERT INTO chat.usage (user_id) VALUES (:ownerId::varchar) ON CONFLICT DO NOTHING)
INSERT INTO chat.file (owner_id, name, content_type, size, width, height) VALUES (:ownerId::varchar, :name, :contentType, :size, :width, :height) RETURNING id;

-- name: addPiece
INSERT INTO chat.file_chunk (file_id, n, data) VALUES (:fileId, :n, :data);

-- Completes a file. Its bytes count for its owner.
-- name: completeFile
WITH picture AS (INSERT INTO chat.thumbnail (file_id, data) SELECT :fileId::uuid, :thumbnail::bytea WHERE :thumbnail::bytea IS NOT NULL)
UPDATE chat.file SET complete = true, received = size, stale_at = now() + interval '1 day' WHERE id = :fileId::uuid;

-- Adds the members of a channel, former ones, and people who are muted or banned in it. Only members
-- may read, so the `left_seq` of all others is 0. Member positions are seqs of the new log.
-- name: importMembers
INSERT INTO chat.member (channel_id, user_id, role, joined_seq, stay_seq, left_seq, left_by_choice, read_seq, delivered_seq, notify, marked_unread, joined_at, muted_until, banned_until)
SELECT :channelId::int, n.user_id, n.role, n.joined, n.stay, CASE WHEN n.is_out THEN 0 END, n.left_by_choice, n.read, n.delivered, n.notify, n.marked_unread,
  coalesce(to_timestamp(n.joined_ms / 1000.0), now()), n.muted_until::timestamptz, n.banned_until::timestamptz
FROM unnest(:userIds::varchar[], :roles::text[], :joined::bigint[], :stays::bigint[], :areOut::boolean[], :leftByChoice::boolean[], :read::bigint[], :delivered::bigint[], :notify::text[],
    :markedUnread::boolean[], :joinedMs::bigint[], :mutedUntil::text[], :bannedUntil::text[])
  AS n (user_id, role, joined, stay, is_out, left_by_choice, read, delivered, notify, marked_unread, joined_ms, muted_until, banned_until)
ORDER BY n.user_id;

-- Tests whether two people have a direct chat.
-- name: findDirectChat
SELECT c.id FROM chat.channel c WHERE c.kind = 'direct' AND c.pair_low = :low AND c.pair_high = :high AND c.deleted_at IS NULL;

-- Shows a complete channel. Its old messages notify nobody.
-- name: showChannel
WITH notices AS (
  INSERT INTO chat.notice_progress (channel_id, log_id, seq) SELECT h.channel_id, h.log_id, h.last_seq FROM chat.channel_head h WHERE h.channel_id = :channelId
  ON CONFLICT (channel_id) DO UPDATE SET log_id = excluded.log_id, seq = excluded.seq
), done AS (
  UPDATE chat.imported SET done_at = now() WHERE source = :source AND kind = 'channel' AND id = :id
), noted AS (
  INSERT INTO chat.audit (actor, action, target, detail) VALUES ('(database)', 'channel.import', :channelId::int::text, jsonb_build_object('source', :source::varchar, 'id', :id::varchar))
)
UPDATE chat.channel SET deleted_at = NULL, updated_at = now() WHERE id = :channelId;

-- Makes a group of a direct chat.
-- name: makeGroup
UPDATE chat.channel SET kind = 'group', pair_low = NULL, pair_high = NULL, name = :name WHERE id = :channelId;
