-- Continues the count of a channel's messages. $1 channel, $2 maximum number of entries to read.
-- Edits, deletions, reactions and pins do not count as messages.
WITH now AS (
  SELECT h.channel_id, h.log_id, h.first_seq, coalesce(k.counted_seq, h.first_seq - 1) AS counted_seq, coalesce(k.messages, 0) AS messages
  FROM chat.channel_head h
  LEFT JOIN chat.retention_count k ON k.channel_id = h.channel_id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
  WHERE h.channel_id = $1
), more AS (
  SELECT count(*) AS entries, count(*) FILTER (WHERE x.kind IN :HISTORY_KINDS) AS messages, max(x.seq) AS seq FROM (
    SELECT m.seq, m.kind FROM chat.message m WHERE m.channel_id = $1 AND m.seq > (SELECT counted_seq FROM now) ORDER BY m.seq LIMIT $2
  ) x
)
INSERT INTO chat.retention_count AS k (channel_id, log_id, first_seq, counted_seq, messages)
SELECT now.channel_id, now.log_id, now.first_seq, coalesce(more.seq, now.counted_seq), now.messages + more.messages FROM now, more
ON CONFLICT (channel_id) DO UPDATE SET log_id = excluded.log_id, first_seq = excluded.first_seq, counted_seq = excluded.counted_seq,
  messages = excluded.messages
RETURNING (SELECT more.entries FROM more) AS entries;
