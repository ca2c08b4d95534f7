-- Channels as clients see them: $1 their ids, $2 and $3 how many of the users inside a room or a chat are named.
-- Inside is who has a taken seat of the present ownership, while its server's lease lives. (IS NOT DISTINCT FROM keeps the planner
-- from the index by server, whose rows are all the seats of one.)
SELECT c.id, c.name, c.user_limit, c.kind, c.owner_id, c.description, c.icon_id, c.keep_seconds, c.keep_count, c.slow_mode_s,
  c.open_history, c.metadata::text AS metadata, floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_ms,
  s.boot_id IS NOT NULL AS serving,
  CASE WHEN c.kind = 'room' THEN 0
    ELSE (SELECT count(*) FROM chat.member m WHERE m.channel_id = c.id AND m.left_seq IS NULL) END AS member_count,
  inside.users
FROM chat.channel c
JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.server s ON s.boot_id = h.boot_id AND s.lease_until > now()
CROSS JOIN LATERAL (
  SELECT coalesce(json_agg(json_build_object('id', u.id, 'name', u.name, 'number', u.number) ORDER BY u.id), '[]') AS users
  FROM (
    SELECT DISTINCT x.user_id FROM chat.seat x
    WHERE x.channel_id = c.id AND x.live AND x.boot_id IS NOT DISTINCT FROM s.boot_id AND x.epoch = h.epoch
    ORDER BY x.user_id LIMIT CASE WHEN c.kind = 'room' THEN $2::int ELSE $3::int END
  ) seated JOIN chat.users u ON u.id = seated.user_id
) inside
WHERE c.id = ANY ($1::int[]) AND c.deleted_at IS NULL ORDER BY c.id;
