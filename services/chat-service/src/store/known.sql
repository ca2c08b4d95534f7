-- Finds entries that are stored already. LATERAL with LIMIT makes it one index probe per entry,
-- whatever the table statistics are.
SELECT (i.n - 1)::int AS at, m.seq, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms, m.digest = i.digest AS same
FROM unnest($1::int[], $2::varchar[], $3::uuid[], $4::bytea[]) WITH ORDINALITY AS i (channel_id, sender_id, client_id, digest, n)
CROSS JOIN LATERAL (
  SELECT m.seq, m.sent_at, m.digest FROM chat.message m
  WHERE m.channel_id = i.channel_id AND m.sender_id = i.sender_id AND m.client_id = i.client_id LIMIT 1
) m;
