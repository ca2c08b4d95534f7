-- Reads complete entries for the archive. $1 channel, $2 seqs. Omits text that was deleted or
-- replaced by a later edit.
SELECT m.seq, m.kind, m.sender_id, m.client_id, m.sent_at, m.target_seq, m.edited_at, m.deleted_at,
  m.content_type, CASE WHEN is_gone THEN '{}' ELSE m.mentions END AS mentions,
  CASE WHEN is_gone THEN '' ELSE m.data END AS data
FROM chat.message m CROSS JOIN LATERAL (
  SELECT m.deleted_at IS NOT NULL OR m.kind = :KIND_EDIT AND (
    EXISTS (SELECT FROM chat.message t WHERE t.channel_id = m.channel_id AND t.seq = m.target_seq AND t.deleted_at IS NOT NULL)
    OR EXISTS (SELECT FROM chat.message e WHERE e.channel_id = m.channel_id AND e.target_seq = m.target_seq AND e.kind = :KIND_EDIT AND e.seq > m.seq)
  ) AS is_gone
) words WHERE m.channel_id = $1 AND m.seq = ANY ($2::bigint[]) ORDER BY m.seq;
