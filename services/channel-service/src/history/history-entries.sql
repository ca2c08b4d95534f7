-- Reads entries in their current state. $1 channel, $2 seqs in response order, $3 maximum number of
-- emoji and $4 users named per emoji, $5 reader. The row reflects edits and deletions; reactions
-- and files have their own rows. LATERAL with LIMIT makes each an index probe, whatever the
-- statistics.
SELECT m.seq, m.kind, m.sender_id, (SELECT u.number FROM chat.users u WHERE u.id = m.sender_id) AS number, m.client_id,
  floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_ms, m.target_seq, m.data,
  CASE WHEN m.deleted_at IS NULL THEN m.content_type ELSE '' END AS content_type,
  CASE WHEN m.deleted_at IS NULL THEN m.mentions ELSE '{}' END AS mentions,
  floor(extract(epoch FROM m.edited_at) * 1000)::bigint AS edited_ms, m.deleted_at IS NOT NULL AS deleted,
  coalesce(r.reactions, '[]') AS reactions,
  ARRAY(SELECT f.file_id::text FROM chat.message_file f WHERE f.channel_id = $1 AND f.seq = m.seq ORDER BY 1) AS file_ids
FROM unnest($2::bigint[]) WITH ORDINALITY AS page (seq, place)
CROSS JOIN LATERAL (SELECT * FROM chat.message x WHERE x.channel_id = $1 AND x.seq = page.seq LIMIT 1) m
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('emoji', one.emoji, 'count', one.people,
    'userIds', ARRAY(SELECT y.user_id FROM chat.reaction y WHERE y.channel_id = $1 AND y.seq = page.seq AND y.emoji = one.emoji ORDER BY y.user_id LIMIT $4),
    'mine', EXISTS (SELECT FROM chat.reaction y WHERE y.channel_id = $1 AND y.seq = page.seq AND y.emoji = one.emoji AND y.user_id = $5)
  ) ORDER BY one.emoji) AS reactions
  FROM (SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = $1 AND x.seq = page.seq ORDER BY x.emoji LIMIT $3) one
) r
ORDER BY page.place;
