-- Moves a channel's first seq past the entries that retention no longer keeps. $1 channel, $2
-- maximum number of entries to move past. Locks the head for this one row only. Returns no row if
-- there is nothing to move past. (greatest ignores NULL, which means not too many, or none too
-- old.)
WITH cut AS (
  SELECT h.channel_id, h.log_id, h.first_seq AS was, k.counted_seq, greatest(many.seq + 1, old.seq + 1) AS first_seq
  FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
  LEFT JOIN chat.retention_count k ON k.channel_id = h.channel_id AND k.log_id = h.log_id AND k.first_seq = h.first_seq
  CROSS JOIN LATERAL (
    SELECT max(x.seq) AS seq FROM (
      SELECT m.seq FROM chat.message m WHERE m.channel_id = h.channel_id AND m.seq >= h.first_seq AND m.kind IN :HISTORY_KINDS
      ORDER BY m.seq LIMIT greatest(0, least($2, coalesce(k.messages - c.retention_count, 0)))
    ) x
  ) many
  CROSS JOIN LATERAL (
    SELECT max(x.seq) AS seq FROM (
      SELECT m.seq, m.sent_at FROM chat.message m WHERE m.channel_id = h.channel_id AND m.seq >= h.first_seq ORDER BY m.seq LIMIT $2
    ) x WHERE x.sent_at < now() - make_interval(secs => c.retention_seconds)
  ) old
  WHERE c.id = $1
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
