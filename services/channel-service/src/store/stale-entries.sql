-- The oldest entries of a channel that may go (see stale): $1 the channel, $2 how many. Locked until the commit; who edits one of them
-- just now is not waited for, and so never waits for us in turn.
SELECT m.seq FROM chat.message m JOIN chat.channel_head h ON h.channel_id = m.channel_id JOIN chat.channel c ON c.id = m.channel_id
WHERE m.channel_id = $1 AND m.seq < h.first_seq AND (c.keep_seconds = 0 OR m.sent_at < now() - interval '10 min')
ORDER BY m.seq LIMIT $2 FOR UPDATE OF m SKIP LOCKED;
