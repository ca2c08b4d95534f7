-- The log of a channel as it is now: $1 the channel, $2 the seq before the first, $3 how many.
SELECT m.seq, m.kind, m.sender_id, u.number AS sender_number, m.client_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms,
  coalesce(m.target_seq, 0) AS target_seq, m.content_type, m.data, m.mentions,
  coalesce(floor(extract(epoch FROM m.edited_at) * 1000)::bigint, 0) AS edited_ms, m.deleted_at IS NOT NULL AS deleted
FROM chat.message m JOIN chat.users u ON u.id = m.sender_id
WHERE m.channel_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3;
