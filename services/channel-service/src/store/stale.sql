-- Channels with entries below their first seq that may go: $1 how many of them. For 10 minutes an entry stays, unread, so that a
-- retry of what was sent is known as one; where nothing is kept any more, that has ended with the log.
SELECT c.id FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
CROSS JOIN LATERAL (SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = c.id ORDER BY m.seq LIMIT 1) oldest
WHERE h.first_seq > 1 AND oldest.seq < h.first_seq AND (c.keep_seconds = 0 OR oldest.sent_at < now() - interval '10 min')
LIMIT $1;
