-- Reads channels as one user sees them. $1 channel ids, $2 and $3 maximum number of names listed
-- for a room or a chat, $4 reader, $5 maximum number of present users counted.
-- A user is present if they have a live seat of the current ownership and the lease of its server
-- is live. (IS NOT DISTINCT FROM keeps the planner off the index by server, which would read all
-- seats of that server.) A reader who is not present sees only the names of users anyone may find,
-- and no names for an unlisted chat.
SELECT c.id, c.name, c.user_limit, c.kind, c.owner_id, c.description, c.icon_id, c.retention_seconds, c.retention_count, c.slow_mode_s,
  c.open_history, c.metadata::text AS metadata, floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_ms,
  s.boot_id IS NOT NULL AS serving,
  CASE WHEN c.kind = 'room' THEN 0
    ELSE (SELECT count(*) FROM chat.member m WHERE m.channel_id = c.id AND m.left_seq IS NULL) END AS member_count,
  floor(extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000)::bigint AS last_ms,
  my.rank AS my_rank, o.role AS offered,
  CASE WHEN my.reads THEN h.last_seq ELSE 0 END AS last_seq, CASE WHEN my.reads THEN h.log_id::text ELSE '' END AS log_id,
  inside.people, inside.users
FROM chat.channel c
JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.listing l ON l.channel_id = c.id
LEFT JOIN chat.server s ON s.boot_id = h.boot_id AND s.lease_until > now()
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = $4
LEFT JOIN chat.offer o ON o.channel_id = c.id AND o.user_id = $4 AND o.lapses_at > now()
CROSS JOIN LATERAL (
  SELECT CASE WHEN c.owner_id = $4 AND c.kind <> 'direct' THEN 'owner'
      WHEN c.kind <> 'room' AND m.user_id IS NOT NULL AND m.left_seq IS NULL THEN m.role ELSE 'none' END AS rank,
    c.retention_seconds IS DISTINCT FROM 0 AND CASE WHEN c.kind = 'room' THEN m.banned_until IS NULL OR m.banned_until <= now()
      ELSE m.user_id IS NOT NULL AND m.left_seq IS NULL END AS reads
) my
CROSS JOIN LATERAL (
  SELECT my.rank <> 'none' OR EXISTS (SELECT FROM chat.seat x WHERE x.channel_id = c.id AND x.user_id = $4 AND x.live) AS too
) am
CROSS JOIN LATERAL (
  SELECT count(*) AS people, coalesce(json_agg(json_build_object('id', u.id, 'name', u.name, 'number', u.number) ORDER BY u.id)
    FILTER (WHERE am.too OR c.kind IN ('room', 'public') AND u.visibility IN ('everyone', 'users')), '[]') AS users
  FROM (
    SELECT seated.user_id, row_number() OVER (ORDER BY seated.user_id) AS place FROM (
      SELECT DISTINCT x.user_id FROM chat.seat x
      WHERE x.channel_id = c.id AND x.live AND x.boot_id IS NOT DISTINCT FROM s.boot_id AND x.epoch = h.epoch
      ORDER BY x.user_id LIMIT $5::int
    ) seated
  ) here
  LEFT JOIN chat.users u ON u.id = here.user_id AND here.place <= CASE WHEN c.kind = 'room' THEN $2::int ELSE $3::int END
) inside
WHERE c.id = ANY ($1::int[]) AND c.deleted_at IS NULL;
