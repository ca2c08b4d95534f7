-- Finds channels that exceed their retention. $1 maximum number of channels. `by_count`: their
-- messages must be counted first.
SELECT c.id, c.retention_count IS NOT NULL AS by_count FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.retention_count k ON k.channel_id = c.id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
LEFT JOIN LATERAL (
  SELECT m.sent_at FROM chat.message m WHERE m.channel_id = c.id AND m.seq >= h.first_seq ORDER BY m.seq LIMIT 1
) oldest ON true
WHERE (c.retention_seconds > 0 OR c.retention_seconds IS NULL AND c.retention_count IS NOT NULL) AND c.deleted_at IS NULL AND h.last_seq >= h.first_seq
  AND (h.last_seq - h.first_seq >= c.retention_count AND (k.messages IS NULL OR k.counted_seq < h.last_seq OR k.messages > c.retention_count)
    OR oldest.sent_at < now() - make_interval(secs => c.retention_seconds))
LIMIT $1;
