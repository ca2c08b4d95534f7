-- Reads a page of a channel's log in its current state: $1 channel, $2 seq before the first entry,
-- $3 maximum number, $4 bytes of text after which no further entry begins. Leaves out text that is gone: deleted messages, entries that retention has
-- removed, and edits replaced by a later edit, a deletion or retention.
SELECT m.seq, m.kind, m.sender_id, u.number AS sender_number, m.client_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms,
  coalesce(m.target_seq, 0) AS target_seq, CASE WHEN void.deleted THEN '' ELSE m.content_type END AS content_type,
  CASE WHEN void.deleted THEN '' ELSE m.data END AS data, CASE WHEN void.deleted THEN '{}' ELSE m.mentions END AS mentions,
  coalesce(floor(extract(epoch FROM m.edited_at) * 1000)::bigint, 0) AS edited_ms, void.deleted
FROM (
  SELECT page.*, sum(octet_length(page.data)) OVER (ORDER BY page.seq) - octet_length(page.data) AS bytes_before
  FROM (SELECT * FROM chat.message WHERE channel_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) page
) m JOIN chat.users u ON u.id = m.sender_id JOIN chat.channel_head h ON h.channel_id = m.channel_id
CROSS JOIN LATERAL (
  SELECT m.deleted_at IS NOT NULL OR m.seq < h.first_seq OR m.kind = :KIND_EDIT AND (m.target_seq < h.first_seq
    OR EXISTS (SELECT FROM chat.message t WHERE t.channel_id = m.channel_id AND t.seq = m.target_seq AND t.deleted_at IS NOT NULL)
    OR EXISTS (SELECT FROM chat.message e WHERE e.channel_id = m.channel_id AND e.target_seq = m.target_seq AND e.kind = :KIND_EDIT AND e.seq > m.seq)
  ) AS deleted
) void
WHERE m.bytes_before < $4 ORDER BY m.seq;
