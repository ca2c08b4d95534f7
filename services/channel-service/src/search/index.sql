-- Makes the transaction plan its statements anew, for their parameters and the present size of the
-- tables. Plans that were made while the tables were almost empty compare each message with all
-- others until autovacuum analyzes the tables.
-- name: planAnew
SELECT set_config('plan_cache_mode', 'force_custom_plan', true) AS mode;

-- Continues the sweep over all channels and returns its next part: channels above `after_id`, up to
-- `last_id`. Only the sweep finds channels that no server owns any more. Returns no row if another
-- manager has the lock, or moved the sweep within the last half second. The caller keeps the lock
-- until it has looked for new entries.
-- name: moveSweep
UPDATE chat.upkeep_turn t SET taken_at = clock_timestamp(), position = coalesce((
  SELECT h.channel_id FROM chat.channel_head h WHERE h.channel_id > was.position ORDER BY h.channel_id OFFSET :channels - 1 LIMIT 1), 0)
FROM (SELECT * FROM chat.upkeep_turn WHERE name = 'search' FOR UPDATE SKIP LOCKED) was
WHERE t.name = was.name AND was.taken_at NOT BETWEEN clock_timestamp() - interval '0.5 s' AND clock_timestamp()
RETURNING was.position AS after_id, CASE t.position WHEN 0 THEN 2147483647 ELSE t.position END AS last_id;

-- Finds channels whose logs have entries that were not yet indexed or not yet searched for
-- notifications. Looks at channels with a recent entry, and at those in a part of the sweep. The
-- order is random, so that no channel is always the last.
-- name: findNews
SELECT h.channel_id FROM (
  SELECT o.channel_id FROM chat.server s JOIN chat.channel_head o ON o.instance_id = s.instance_id
  WHERE s.lease_until > now() AND o.last_at > now() - interval '1 min'
  UNION
  SELECT o.channel_id FROM chat.channel_head o WHERE o.channel_id > :afterId AND o.channel_id <= :lastId
) seen
JOIN chat.channel_head h ON h.channel_id = seen.channel_id
LEFT JOIN chat.search_progress p ON p.channel_id = h.channel_id
LEFT JOIN chat.notice_progress n ON n.channel_id = h.channel_id
WHERE CASE WHEN p.channel_id IS NULL OR n.channel_id IS NULL THEN h.last_seq >= h.first_seq
  ELSE p.log_id <> h.log_id OR p.rules < :rules OR p.seq < h.last_seq OR p.first_seq < h.first_seq OR n.log_id <> h.log_id OR n.seq < h.last_seq END
ORDER BY random() LIMIT :maxChannels;

-- Adds the rows that record how far the log of a channel has been indexed. A new row has a log id
-- that matches no log, so lockProgress treats words that are already stored as void.
-- name: openProgress
INSERT INTO chat.search_progress (channel_id, log_id, rules, seq, first_seq)
SELECT c.id, '00000000-0000-0000-0000-000000000000', 0, 0, 0 FROM chat.channel c WHERE c.id = ANY (:channelIds::int[]) ORDER BY c.id
ON CONFLICT (channel_id) DO NOTHING;

-- Locks channels for the indexer until the end of the transaction. `seq`: the seq after which
-- indexing continues. `remove_below`: the seq below which words must be removed (0: none). All
-- words are removed if they belong to another log or were cut by older rules. Commits do not wait
-- for the disk, because a crash that loses the last words loses their position too. The transaction
-- may be idle for up to 30 s, because it is idle while text is cut into words.
-- name: lockProgress
SELECT p.channel_id, h.log_id, h.first_seq, CASE WHEN void.void THEN h.first_seq - 1 ELSE greatest(p.seq, h.first_seq - 1) END AS seq,
  CASE WHEN void.void THEN 9007199254740991 WHEN p.first_seq < h.first_seq THEN h.first_seq ELSE 0 END AS remove_below
FROM chat.search_progress p JOIN chat.channel_head h ON h.channel_id = p.channel_id
CROSS JOIN LATERAL (SELECT p.log_id <> h.log_id OR p.rules < :rules AS void) void
WHERE p.channel_id = ANY (:channelIds::int[])
  AND set_config('synchronous_commit', 'off', true) || set_config('idle_in_transaction_session_timeout', '30s', true) IS NOT NULL
ORDER BY p.channel_id FOR NO KEY UPDATE OF p SKIP LOCKED;

-- Removes the words of messages below a seq, at most `maxRows` messages of each channel. Returns
-- the number removed for each channel.
-- name: removeBelow
WITH gone AS (
  DELETE FROM chat.search s USING unnest(:channelIds::int[], :beforeSeqs::bigint[]) AS n (channel_id, before_seq)
  CROSS JOIN LATERAL (SELECT x.seq FROM chat.search x WHERE x.channel_id = n.channel_id AND x.seq < n.before_seq ORDER BY x.seq LIMIT :maxRows) old
  WHERE s.channel_id = n.channel_id AND s.seq = old.seq RETURNING s.channel_id
)
SELECT channel_id, count(*) AS rows FROM gone GROUP BY channel_id;

-- Reads the next entries of each log, each with the current state of the message that it is about:
-- the entry itself, or the target of an edit or a deletion. Returns no row for a channel whose log
-- has been replaced, and one row without an entry for a log that has no further entries. `data` is
-- NULL if the message has no text that can be shown.
-- name: readNews
SELECT n.channel_id, h.last_seq, e.seq, m.seq AS message_seq, m.sender_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms,
  (extract(epoch FROM m.edited_at) * 1000000)::bigint AS edited_us, m.content_type,
  CASE WHEN m.deleted_at IS NULL AND m.seq >= h.first_seq THEN m.data END AS data
FROM unnest(:channelIds::int[], :logIds::uuid[], :afterSeqs::bigint[]) AS n (channel_id, log_id, after_seq)
JOIN chat.channel_head h ON h.channel_id = n.channel_id AND h.log_id = n.log_id
LEFT JOIN LATERAL (
  SELECT x.seq, CASE WHEN x.kind IN :SPEECH_KINDS THEN x.seq WHEN x.kind IN (:KIND_EDIT, :KIND_DELETE) THEN x.target_seq END AS message_seq,
    sum(octet_length(x.data)) OVER (ORDER BY x.seq) - octet_length(x.data) AS bytes_before
  FROM (SELECT * FROM chat.message y WHERE y.channel_id = n.channel_id AND y.seq > n.after_seq ORDER BY y.seq LIMIT :maxEntries) x
) e ON e.bytes_before < :maxBytes
LEFT JOIN chat.message m ON m.channel_id = n.channel_id AND m.seq = e.message_seq AND m.kind IN :SPEECH_KINDS
ORDER BY n.channel_id, e.seq;

-- Stores the words of messages, in place of those of an earlier version.
-- name: putWords
INSERT INTO chat.search (channel_id, seq, sent_ms, edited_us, words)
SELECT i.channel_id, i.seq, i.sent_ms, i.edited_us, i.words::tsvector
FROM unnest(:channelIds::int[], :seqs::bigint[], :sentMs::bigint[], :editedUs::bigint[], :words::text[])
  AS i (channel_id, seq, sent_ms, edited_us, words)
ON CONFLICT (channel_id, seq) DO UPDATE SET sent_ms = excluded.sent_ms, edited_us = excluded.edited_us, words = excluded.words;

-- Removes the words of single messages.
-- name: removeWords
DELETE FROM chat.search s USING unnest(:channelIds::int[], :seqs::bigint[]) AS i (channel_id, seq)
WHERE s.channel_id = i.channel_id AND s.seq = i.seq;

-- Records how far the logs of channels have been indexed.
-- name: saveProgress
UPDATE chat.search_progress p SET log_id = n.log_id, rules = :rules, seq = n.seq, first_seq = n.first_seq
FROM unnest(:channelIds::int[], :logIds::uuid[], :seqs::bigint[], :firstSeqs::bigint[]) AS n (channel_id, log_id, seq, first_seq)
WHERE p.channel_id = n.channel_id;
