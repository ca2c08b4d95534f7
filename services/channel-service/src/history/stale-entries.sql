-- Locks and returns the oldest entries of a channel that may be deleted (see stale). $1 channel, $2
-- maximum number. Skips entries that are being edited, so retention never waits for an editor and
-- cannot deadlock with one.
SELECT m.seq FROM chat.message m JOIN chat.channel_head h ON h.channel_id = m.channel_id JOIN chat.channel c ON c.id = m.channel_id
WHERE m.channel_id = $1 AND m.seq < h.first_seq AND (c.retention_seconds = 0 OR m.sent_at < now() - interval '10 min')
ORDER BY m.seq LIMIT $2 FOR UPDATE OF m SKIP LOCKED;
