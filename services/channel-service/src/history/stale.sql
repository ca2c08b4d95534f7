-- Finds channels with deletable entries below their first seq. $1 maximum number of channels. An
-- entry stays for 10 minutes, unread, so that a retried Send is recognized. A channel that stores no
-- history needs no such delay, because its log has ended.
SELECT c.id FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
CROSS JOIN LATERAL (SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = c.id ORDER BY m.seq LIMIT 1) oldest
WHERE h.first_seq > 1 AND oldest.seq < h.first_seq AND (c.retention_seconds = 0 OR oldest.sent_at < now() - interval '10 min')
LIMIT $1;
