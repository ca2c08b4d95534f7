-- Takes files whose bytes are to be moved into S3, the oldest first. The lease of each lasts for the upload at
-- 256 KiB/s plus two minutes. Returns the ms within which the object must arrive: until a minute before the end of
-- the lease.
-- name: takeFiles
WITH due AS (
  SELECT f.id, f.size FROM chat.file f LEFT JOIN chat.object o ON o.file_id = f.id
  WHERE f.complete AND NOT f.in_s3 AND f.size > 0 AND (f.stale_at IS NULL OR f.stale_at > now()) AND (o.id IS NULL OR o.lease_until < now())
  ORDER BY f.created_at LIMIT :size FOR NO KEY UPDATE OF f SKIP LOCKED
), taken AS (
  INSERT INTO chat.object AS o (file_id, lease_until) SELECT id, now() + make_interval(secs => 120 + size / 262144) FROM due
  ON CONFLICT (file_id) DO UPDATE SET lease_until = excluded.lease_until WHERE o.lease_until < now() RETURNING id, file_id
)
SELECT t.id AS object_id, d.id AS file_id, d.size, 60000 + d.size / 262144 * 1000 AS within_ms FROM taken t JOIN due d ON d.id = t.file_id;

-- From now on, a file is read from its object. Returns no row if the file is gone.
-- name: finishMove
WITH moved AS (
  UPDATE chat.file f SET in_s3 = true FROM chat.object o WHERE o.id = :objectId AND o.file_id = f.id RETURNING f.id
), deleted AS (
  DELETE FROM chat.file_chunk c USING moved WHERE c.file_id = moved.id
)
UPDATE chat.object o SET lease_until = now() FROM moved WHERE o.file_id = moved.id RETURNING o.id;

-- name: postponeObject
UPDATE chat.object SET lease_until = now() + interval '1 minute' WHERE id = :objectId;

-- Takes objects whose file is gone.
-- name: takeGone
WITH gone AS (
  SELECT id FROM chat.object WHERE file_id IS NULL AND lease_until < now() ORDER BY lease_until LIMIT :size FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE chat.object o SET lease_until = now() + interval '1 minute' FROM gone WHERE o.id = gone.id RETURNING o.id;

-- name: forgetObject
DELETE FROM chat.object WHERE id = :objectId AND file_id IS NULL;

-- Bytes of files that are to be moved into S3. Files that only a legal hold keeps do not move.
-- name: waitingBytes
SELECT coalesce(sum(size), 0) AS bytes FROM chat.file
WHERE complete AND NOT in_s3 AND size > 0 AND stale_at IS DISTINCT FROM '-infinity';

-- name: hasObjects
SELECT EXISTS (SELECT FROM chat.object WHERE file_id IS NOT NULL) AS has_any;
