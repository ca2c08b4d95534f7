-- Moves the first seq of a channel over what it does not keep any more: $1 the channel, $2 how many entries are looked at.
-- The head is locked for this one row only. No row: nothing to move over. (greatest passes over NULLs: no count, or none too old.)
WITH cut AS (
  SELECT h.channel_id, h.log_id, greatest(h.last_seq - c.keep_count + 1, old.seq + 1) AS first_seq
  FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
  CROSS JOIN LATERAL (
    SELECT max(x.seq) AS seq FROM (
      SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = h.channel_id AND m.seq >= h.first_seq ORDER BY m.seq LIMIT $2
    ) x WHERE x.sent_at < now() - make_interval(secs => c.keep_seconds)
  ) old
  WHERE c.id = $1
)
UPDATE chat.channel_head h SET first_seq = cut.first_seq FROM cut
WHERE h.channel_id = cut.channel_id AND h.log_id = cut.log_id AND cut.first_seq > h.first_seq RETURNING h.first_seq;
