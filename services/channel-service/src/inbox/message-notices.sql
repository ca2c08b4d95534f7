-- Adds the rows that record how far the log of a channel has been searched for notifications. A new
-- row has a log id that matches no log, so the search begins at the start of the log.
-- name: openNotices
INSERT INTO chat.notice_progress (channel_id, log_id, seq)
SELECT c.id, '00000000-0000-0000-0000-000000000000', 0 FROM chat.channel c WHERE c.id = ANY (:channelIds::int[]) ORDER BY c.id
ON CONFLICT (channel_id) DO NOTHING;

-- Locks the rows of channels until the end of the transaction, and skips rows that are locked.
-- Returns the next part of each log to search for notifications: the entries after `after_seq` up
-- to `last_seq`, at most `maxEntries`. The commit does not wait for the disk: a crash that loses it
-- loses the notifications and the position together, so the search repeats.
-- name: lockNotices
SELECT p.channel_id, h.log_id, part.after_seq, least(h.last_seq, part.after_seq + :maxEntries) AS last_seq,
  h.last_seq > part.after_seq + :maxEntries AS more
FROM chat.notice_progress p JOIN chat.channel_head h ON h.channel_id = p.channel_id
CROSS JOIN LATERAL (SELECT greatest(CASE WHEN p.log_id = h.log_id THEN p.seq ELSE 0 END, h.first_seq - 1) AS after_seq) part
WHERE p.channel_id = ANY (:channelIds::int[]) AND set_config('synchronous_commit', 'off', true) IS NOT NULL
ORDER BY p.channel_id FOR NO KEY UPDATE OF p SKIP LOCKED;

-- Deletes the notifications of messages that entries in parts of logs have deleted. Skips locked
-- rows: another transaction marks or deletes them, and lists do not show them.
-- name: forgetDeleted
DELETE FROM chat.notification WHERE id IN (
  SELECT n.id FROM unnest(:channelIds::int[], :afterSeqs::bigint[], :lastSeqs::bigint[]) AS p (channel_id, after_seq, last_seq)
  JOIN chat.message m ON m.channel_id = p.channel_id AND m.seq > p.after_seq AND m.seq <= p.last_seq AND m.kind = :KIND_DELETE
  JOIN chat.notification n ON n.channel_id = m.channel_id AND n.seq = m.target_seq
  FOR UPDATE OF n SKIP LOCKED
);

-- Records how far the logs of channels have been searched for notifications.
-- name: saveNotices
UPDATE chat.notice_progress p SET log_id = n.log_id, seq = n.last_seq
FROM unnest(:channelIds::int[], :logIds::uuid[], :lastSeqs::bigint[]) AS n (channel_id, log_id, last_seq) WHERE p.channel_id = n.channel_id;

-- Notifies users of messages in parts of logs: mentioned users, users whose message got a reply,
-- and the absent user of a direct chat. A message notifies a user once, for the first of these
-- reasons. Skips messages that the user has already read. Also skips messages more than an hour
-- old, because the search can begin at the start of an old log.
-- name: notifyOfMessages
WITH said AS (
  SELECT p.log_id, m.channel_id, m.seq, m.sender_id, m.mentions, m.target_seq
  FROM unnest(:channelIds::int[], :logIds::uuid[], :afterSeqs::bigint[], :lastSeqs::bigint[]) AS p (channel_id, log_id, after_seq, last_seq)
  JOIN chat.message m ON m.channel_id = p.channel_id AND m.seq > p.after_seq AND m.seq <= p.last_seq
  WHERE m.kind IN :SPEECH_KINDS AND m.deleted_at IS NULL AND m.sent_at > now() - interval '1 h'
), due AS (
  SELECT 1 AS rank, 'mention' AS kind, s.channel_id, s.log_id, s.seq, s.sender_id, u.user_id
  FROM said s CROSS JOIN LATERAL unnest(s.mentions) AS u (user_id)
  UNION ALL
  SELECT 2, 'reply', s.channel_id, s.log_id, s.seq, s.sender_id, t.sender_id
  FROM said s JOIN chat.message t ON t.channel_id = s.channel_id AND t.seq = s.target_seq AND t.deleted_at IS NULL AND t.kind IN :SPEECH_KINDS
  UNION ALL
  SELECT 3, 'direct', s.channel_id, s.log_id, s.seq, s.sender_id, d.user_id
  FROM said s JOIN chat.channel c ON c.id = s.channel_id AND c.kind = 'direct'
  JOIN chat.member d ON d.channel_id = c.id AND d.user_id <> s.sender_id
  WHERE NOT EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = c.id AND t.user_id = d.user_id AND t.live)
), kept AS (
  SELECT array_agg(d.kind ORDER BY d.rank) AS kinds, array_agg(d.channel_id ORDER BY d.rank) AS channel_ids,
    array_agg(d.log_id ORDER BY d.rank) AS log_ids, array_agg(d.seq ORDER BY d.rank) AS seqs,
    array_agg(d.sender_id ORDER BY d.rank) AS by_ids, array_agg(d.user_id ORDER BY d.rank) AS user_ids
  FROM due d JOIN chat.member m ON m.channel_id = d.channel_id AND m.user_id = d.user_id AND m.read_seq < d.seq
)
SELECT n.user_id FROM kept CROSS JOIN LATERAL
  chat.notify_of_messages(kept.kinds, kept.channel_ids, kept.log_ids, kept.seqs, kept.by_ids, kept.user_ids) n;
