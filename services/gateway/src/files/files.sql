-- Creates a file that reserves `size` bytes. `made` is its id or, without room, `file-quota` or `files-full`.
-- name: createFile
SELECT chat.create_file(:ownerId, :name, :size, :mostBytes, :mostFiles, :mostOfAll) AS made;

-- Appends bytes to a file. Returns no row if the file has received another number of bytes
-- meanwhile, if it is complete or gone, or if it would become too large.
-- name: writePiece
WITH moved AS (
  UPDATE chat.file SET received = received + octet_length(:data::bytea), stale_at = statement_timestamp() + interval '1 day'
  WHERE id = :fileId AND NOT complete AND received = :at::int AND received + octet_length(:data::bytea) <= size RETURNING id
)
INSERT INTO chat.file_chunk (file_id, n, data) SELECT id, :at::int, :data::bytea FROM moved RETURNING n;

-- Completes a file with the bytes that it has received. Returns no row if it is already complete or
-- gone.
-- name: completeFile
UPDATE chat.file SET complete = true, size = received, content_type = :contentType, stale_at = statement_timestamp() + interval '1 day'
WHERE id = :fileId AND NOT complete RETURNING size;

-- Deletes the bytes of a file that is not complete, so that others replace them. `refused` is '',
-- `file-quota`, `files-full`, or NULL if the file is complete or gone.
-- name: restartFile
SELECT chat.restart_file(:fileId, :size, :mostBytes, :mostOfAll) AS refused;

-- Completes a picture with the bytes that it has received, like completeFile.
-- name: completePicture
WITH completed AS (
  UPDATE chat.file SET complete = true, content_type = :contentType, width = :width, height = :height, stale_at = statement_timestamp() + interval '1 day'
  WHERE id = :fileId AND NOT complete AND received = size RETURNING id
)
INSERT INTO chat.thumbnail (file_id, data) SELECT id, :thumbnail::bytea FROM completed RETURNING file_id;

-- name: readThumbnail
SELECT data FROM chat.thumbnail WHERE file_id = :fileId;

-- Width and height are 0 unless the file is a picture that browsers may show.
-- name: findFile
SELECT id, owner_id, name, content_type, size, received, complete, coalesce(width, 0) AS width, coalesce(height, 0) AS height,
  stale_at IS NULL AS is_posted, coalesce(floor(extract(epoch FROM stale_at) * 1000)::bigint, 0) AS stale_ms,
  EXISTS (SELECT FROM chat.users u WHERE u.avatar_id = f.id) AS is_avatar
FROM chat.file f WHERE id = :fileId AND (stale_at IS NULL OR stale_at > now());

-- Reads the piece that has the byte `at`, or finds the object that has all of the file.
-- name: readPiece
SELECT o.id AS object_id, c.n, c.data FROM chat.file f
LEFT JOIN chat.object o ON f.in_s3 AND o.file_id = f.id
LEFT JOIN LATERAL (SELECT n, data FROM chat.file_chunk WHERE file_id = f.id AND n <= :at ORDER BY n DESC LIMIT 1) c ON NOT f.in_s3
WHERE f.id = :fileId;

-- Finds messages that have a file and that the user may be able to read: messages of rooms, and of
-- channels to which the user belongs or belonged. The manager decides about each message.
-- name: findMessagesWith
SELECT l.channel_id, l.seq FROM chat.message_file l
JOIN chat.message m ON m.channel_id = l.channel_id AND m.seq = l.seq AND m.deleted_at IS NULL
JOIN chat.channel_head h ON h.channel_id = l.channel_id AND l.seq >= h.first_seq
JOIN chat.channel c ON c.id = l.channel_id AND c.deleted_at IS NULL
LEFT JOIN chat.member r ON r.channel_id = l.channel_id AND r.user_id = :userId
WHERE l.file_id = :fileId
  AND (c.kind = 'room' OR r.left_seq IS NULL AND r.user_id IS NOT NULL OR l.seq <= r.left_seq)
  AND (c.open_history OR l.seq > coalesce(r.joined_seq, 0))
ORDER BY r.left_seq IS NULL DESC, l.channel_id, l.seq DESC LIMIT :size;

-- Deletes a file of this owner, unless a message has it. A trigger hides it instead if a legal hold
-- keeps it, so the id does not come from the DELETE.
-- name: deleteFile
WITH mine AS (
  SELECT id FROM chat.file WHERE id = :fileId AND owner_id = :ownerId AND stale_at > '-infinity' FOR UPDATE
), gone AS (
  DELETE FROM chat.file f USING mine WHERE f.id = mine.id
)
SELECT id FROM mine;

-- Deletes stale files, but keeps those that are a picture of a user or a channel for another day. A
-- trigger hides those that a legal hold keeps.
-- name: purgeFiles
WITH due AS (
  SELECT f.id, EXISTS (SELECT FROM chat.users u WHERE u.avatar_id = f.id) OR EXISTS (SELECT FROM chat.channel c WHERE c.icon_id = f.id) AS is_used
  FROM chat.file f WHERE f.stale_at > '-infinity' AND f.stale_at < now() ORDER BY f.stale_at LIMIT :size FOR UPDATE OF f SKIP LOCKED
), kept AS (
  UPDATE chat.file f SET stale_at = now() + interval '1 day' FROM due WHERE f.id = due.id AND due.is_used
)
DELETE FROM chat.file f USING due WHERE f.id = due.id AND NOT due.is_used RETURNING f.id;
