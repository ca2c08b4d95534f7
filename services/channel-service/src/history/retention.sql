-- The statements below that look for channels look at one page of them, because they run every few
-- seconds and no statement may walk through all channels: those above `after_id`, up to `last_id`.
-- Each joined table has these bounds, too, so that no plan reads all of it.

-- Moves on to the next page of channels and returns it. The last page has no upper end, and the
-- first page follows it. Run with the turn.
-- name: nextPage
UPDATE chat.upkeep_turn t SET position = coalesce((
  SELECT c.id FROM chat.channel c WHERE c.id > was.position ORDER BY c.id OFFSET :channels - 1 LIMIT 1), 0)
FROM (SELECT position FROM chat.upkeep_turn WHERE name = 'retention') was
WHERE t.name = 'retention'
RETURNING was.position AS after_id, CASE t.position WHEN 0 THEN 2147483647 ELSE t.position END AS last_id, t.position = 0 AS is_last;

-- Gives the retention `longest` to channels that keep messages for a longer time, and tells their
-- owning servers and members. Skips channels that are being changed. Returns the changed ones.
-- name: shortenRetention
WITH longer AS (
  SELECT c.id FROM chat.channel c WHERE c.id > :afterId AND c.id <= :lastId
    AND c.deleted_at IS NULL AND (c.retention_seconds IS NULL OR c.retention_seconds > :longest)
  ORDER BY c.id LIMIT :maxChannels FOR NO KEY UPDATE SKIP LOCKED
), shortened AS (
  UPDATE chat.channel c SET retention_seconds = :longest, updated_at = now() FROM longer
  WHERE c.id = longer.id AND c.id > :afterId AND c.id <= :lastId RETURNING c.id
), heads AS (
  UPDATE chat.channel_head h SET revision = h.revision + 1 FROM shortened
  WHERE h.channel_id = shortened.id AND h.channel_id > :afterId AND h.channel_id <= :lastId
)
SELECT id FROM shortened;

-- Finds channels that exceed their retention. `by_count`: their messages must be counted first.
-- name: findOverRetention
SELECT c.id, c.retention_count IS NOT NULL AS by_count FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.retention_count k ON k.channel_id = c.id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
  AND k.channel_id > :afterId AND k.channel_id <= :lastId
LEFT JOIN LATERAL (
  SELECT m.sent_at FROM chat.message m WHERE m.channel_id = c.id AND m.seq >= h.first_seq ORDER BY m.seq LIMIT 1
) oldest ON true
WHERE c.id > :afterId AND c.id <= :lastId AND h.channel_id > :afterId AND h.channel_id <= :lastId
  AND (c.retention_seconds > 0 OR c.retention_seconds IS NULL AND c.retention_count IS NOT NULL) AND c.deleted_at IS NULL AND h.last_seq >= h.first_seq
  AND (h.last_seq - h.first_seq >= c.retention_count AND (k.messages IS NULL OR k.counted_seq < h.last_seq OR k.messages > c.retention_count)
    OR oldest.sent_at < now() - make_interval(secs => c.retention_seconds));

-- Counts the next messages in a channel and adds them to its stored count. Returns the number of
-- entries read, at most `maxEntries`. Edits, deletions, reactions and pins do not count as
-- messages.
-- name: countMessages
WITH now AS (
  SELECT h.channel_id, h.log_id, h.first_seq, coalesce(k.counted_seq, h.first_seq - 1) AS counted_seq, coalesce(k.messages, 0) AS messages
  FROM chat.channel_head h
  LEFT JOIN chat.retention_count k ON k.channel_id = h.channel_id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
  WHERE h.channel_id = :channelId
), more AS (
  SELECT count(*) AS entries, count(*) FILTER (WHERE x.kind IN :HISTORY_KINDS) AS messages, max(x.seq) AS seq FROM (
    SELECT m.seq, m.kind FROM chat.message m WHERE m.channel_id = :channelId AND m.seq > (SELECT counted_seq FROM now) ORDER BY m.seq LIMIT :maxEntries
  ) x
)
INSERT INTO chat.retention_count AS k (channel_id, log_id, first_seq, counted_seq, messages)
SELECT now.channel_id, now.log_id, now.first_seq, coalesce(more.seq, now.counted_seq), now.messages + more.messages FROM now, more
ON CONFLICT (channel_id) DO UPDATE SET log_id = excluded.log_id, first_seq = excluded.first_seq, counted_seq = excluded.counted_seq,
  messages = excluded.messages
RETURNING (SELECT more.entries FROM more) AS entries;

-- Moves the first seq of a channel past the entries that exceed its retention, at most `maxEntries`
-- of them. The head is locked only while this one row is updated. Returns no row if there is
-- nothing to move past. (`greatest` ignores NULL. A NULL means that no entry is over the count, or
-- that none is too old.)
-- name: trim
WITH cut AS (
  SELECT h.channel_id, h.log_id, h.first_seq AS was, k.counted_seq, greatest(many.seq + 1, old.seq + 1) AS first_seq
  FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
  LEFT JOIN chat.retention_count k ON k.channel_id = h.channel_id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
  CROSS JOIN LATERAL (
    SELECT max(x.seq) AS seq FROM (
      SELECT m.seq FROM chat.message m WHERE m.channel_id = h.channel_id AND m.seq >= h.first_seq AND m.kind IN :HISTORY_KINDS
      ORDER BY m.seq LIMIT greatest(0, least(:maxEntries, coalesce(k.messages - c.retention_count, 0)))
    ) x
  ) many
  CROSS JOIN LATERAL (
    SELECT max(x.seq) AS seq FROM (
      SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = h.channel_id AND m.seq >= h.first_seq ORDER BY m.seq LIMIT :maxEntries
    ) x WHERE x.sent_at < now() - make_interval(secs => c.retention_seconds)
  ) old
  WHERE c.id = :channelId
), gone AS (
  SELECT count(*) AS messages FROM cut JOIN chat.message m ON m.channel_id = cut.channel_id
    AND m.seq >= cut.was AND m.seq < cut.first_seq AND m.seq <= cut.counted_seq AND m.kind IN :HISTORY_KINDS
), moved AS (
  UPDATE chat.channel_head h SET first_seq = cut.first_seq FROM cut
  WHERE h.channel_id = cut.channel_id AND h.log_id = cut.log_id AND h.first_seq = cut.was AND cut.first_seq > cut.was
  RETURNING h.channel_id, h.log_id, h.first_seq, cut.was
), counted AS (
  UPDATE chat.retention_count k SET first_seq = moved.first_seq, counted_seq = greatest(k.counted_seq, moved.first_seq - 1),
    messages = k.messages - gone.messages
  FROM moved, gone WHERE k.channel_id = moved.channel_id AND k.log_id = moved.log_id AND k.first_seq = moved.was
)
SELECT first_seq FROM moved;

-- Finds channels with deletable entries below their first seq. An entry is kept for 10 minutes,
-- even if nobody can read it any more, so that a retried Send is recognised. A channel without
-- history needs no such delay, because its log has ended.
-- name: findExpired
SELECT c.id FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
CROSS JOIN LATERAL (SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = c.id ORDER BY m.seq LIMIT 1) oldest
WHERE c.id > :afterId AND c.id <= :lastId AND h.channel_id > :afterId AND h.channel_id <= :lastId
  AND h.first_seq > 1 AND oldest.seq < h.first_seq AND (c.retention_seconds = 0 OR oldest.sent_at < now() - interval '10 min');

-- Locks and returns the oldest entries of a channel that may be deleted (see findExpired). Skips
-- entries that are being edited, so retention never waits for an editor and cannot deadlock with
-- one.
-- name: lockExpired
SELECT m.seq FROM chat.message m JOIN chat.channel_head h ON h.channel_id = m.channel_id JOIN chat.channel c ON c.id = m.channel_id
WHERE m.channel_id = :channelId AND m.seq < h.first_seq AND (c.retention_seconds = 0 OR m.sent_at < now() - interval '10 min')
ORDER BY m.seq LIMIT :maxEntries FOR UPDATE OF m SKIP LOCKED;

-- Reads complete entries for the archive. Omits text that was deleted or replaced by a later edit.
-- name: readForArchive
SELECT m.seq, m.kind, m.sender_id, m.client_id, m.sent_at, m.target_seq, m.edited_at, m.deleted_at,
  m.content_type, CASE WHEN is_gone THEN '{}' ELSE m.mentions END AS mentions,
  CASE WHEN is_gone THEN '' ELSE m.data END AS data
FROM chat.message m CROSS JOIN LATERAL (
  SELECT m.deleted_at IS NOT NULL OR m.kind = :KIND_EDIT AND (
    EXISTS (SELECT FROM chat.message t WHERE t.channel_id = m.channel_id AND t.seq = m.target_seq AND t.deleted_at IS NOT NULL)
    OR EXISTS (SELECT FROM chat.message e WHERE e.channel_id = m.channel_id AND e.target_seq = m.target_seq AND e.kind = :KIND_EDIT AND e.seq > m.seq)
  ) AS is_gone
) words WHERE m.channel_id = :channelId AND m.seq = ANY (:seqs::bigint[]) ORDER BY m.seq;

-- Deletes entries with their reactions, file links and notifications. (A notification that another
-- transaction has locked stays until it is 90 days old; no list shows it.) Returns the usage to
-- subtract (see subtractUsage).
-- name: deleteEntries
WITH notices AS (
  DELETE FROM chat.notification WHERE id IN (
    SELECT n.id FROM chat.notification n WHERE n.channel_id = :channelId AND n.seq = ANY (:seqs::bigint[]) FOR UPDATE SKIP LOCKED
  )
), gone AS (
  DELETE FROM chat.message WHERE channel_id = :channelId AND seq = ANY (:seqs::bigint[])
  RETURNING sender_id, kind = :KIND_MEMBER AS of_members, chat.stored_bytes(data, content_type, mentions) AS bytes
)
SELECT sender_id, of_members, sum(bytes) AS bytes, count(*) AS rows FROM gone GROUP BY sender_id, of_members;

-- Subtracts deleted entries from the usage of their channel and senders; the arrays have one item
-- per sender. Membership changes count only against their channel. Run last in the transaction,
-- because writers wait for the head. Locks the head first, then the senders in the order of their
-- ids.
-- name: subtractUsage
WITH gone AS (
  SELECT * FROM unnest(:senderIds::varchar[], :areMemberChanges::boolean[], :bytes::bigint[], :rows::bigint[]) AS g (sender_id, of_members, bytes, rows)
), head AS (
  UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes - s.bytes, stored_rows = h.stored_rows - s.rows
  FROM (SELECT sum(bytes) AS bytes, sum(rows) AS rows FROM gone) s WHERE h.channel_id = :channelId RETURNING h.channel_id
)
INSERT INTO chat.usage AS u (user_id, bytes, rows)
SELECT sender_id, -bytes, -rows FROM gone WHERE NOT of_members AND EXISTS (SELECT FROM head) ORDER BY sender_id
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows;

-- Empties the logs of channels deleted at least a day ago. Until then clients can still learn why
-- the channel is gone.
-- name: endDeletedLogs
UPDATE chat.channel_head h SET first_seq = h.last_seq + 1 WHERE h.channel_id > :afterId AND h.channel_id <= :lastId AND h.channel_id IN (
  SELECT c.id FROM chat.channel c JOIN chat.channel_head x ON x.channel_id = c.id
  WHERE c.id > :afterId AND c.id <= :lastId AND x.channel_id > :afterId AND x.channel_id <= :lastId
    AND c.deleted_at < now() - interval '1 day' AND x.first_seq <= x.last_seq
);

-- Deletes channels that were marked as deleted at least a day ago and have no entries and no search
-- words left, with their heads, members and other rows. A channel stays while a legal hold is on it,
-- or keeps messages of it. Returns the deleted ones.
-- name: purgeChannels
DELETE FROM chat.channel WHERE id > :afterId AND id <= :lastId AND id IN (
  SELECT c.id FROM chat.channel c WHERE c.id > :afterId AND c.id <= :lastId AND c.deleted_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM chat.message m WHERE m.channel_id = c.id)
    AND NOT EXISTS (SELECT FROM chat.search s WHERE s.channel_id = c.id)
    AND NOT EXISTS (SELECT FROM chat.kept_message k WHERE k.channel_id = c.id)
    AND NOT EXISTS (SELECT FROM chat.hold o WHERE o.channel_id = c.id) LIMIT :maxChannels
) RETURNING id;
