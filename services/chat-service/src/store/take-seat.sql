-- Takes a reserved seat, which works once: $1 seat, $2 this server's instance id, $3 channel, $4
-- user of the token. No row if the seat was used, was replaced by a newer Listen, is too late or
-- belongs to another server, if the channel moved or was deleted, or if the user logged out or was
-- suspended, banned or deleted.
UPDATE chat.seat t SET live = true
FROM chat.channel_head h, chat.users u LEFT JOIN chat.usage q ON q.user_id = u.id, chat.channel c LEFT JOIN chat.member m ON m.channel_id = $3 AND m.user_id = $4
WHERE t.id = $1 AND t.boot_id = $2 AND t.channel_id = $3 AND t.user_id = $4 AND NOT t.live AND t.join_by > now()
  AND h.channel_id = t.channel_id AND h.boot_id = t.boot_id AND h.epoch = t.epoch
  AND c.id = t.channel_id AND c.deleted_at IS NULL
  AND u.id = t.user_id AND u.status = 'active'
  AND (t.session_id IS NULL OR EXISTS (SELECT FROM chat.session s WHERE s.id = t.session_id AND s.revoked_at IS NULL AND s.expires_at > now()))
  AND (m.user_id IS NULL OR coalesce(m.banned_until <= now(), true)) AND (c.kind = 'room' OR (m.user_id IS NOT NULL AND m.left_seq IS NULL))
RETURNING c.id AS channel_id, c.name, c.user_limit, c.kind, c.owner_id, c.slow_mode_s, c.keep_seconds IS DISTINCT FROM 0 AS keeps,
  h.epoch, h.log_id, h.last_seq, h.first_seq, h.roster, h.stored_bytes, h.stored_rows,
  c.description, c.icon_id, c.keep_seconds, c.keep_count, c.open_history, c.metadata::text AS metadata,
  floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_ms,
  coalesce(q.bytes, 0) AS used_bytes, coalesce(q.rows, 0) AS used_rows,
  u.id AS user_id, u.number, u.name AS user_name, CASE WHEN c.kind = 'room' THEN 'none' ELSE coalesce(m.role, 'none') END AS role,
  CASE WHEN c.open_history THEN 0 ELSE coalesce(m.joined_seq, 0) END AS sees_after,
  coalesce(floor(extract(epoch FROM CASE WHEN m.muted_until = 'infinity' THEN '9999-01-01' ELSE m.muted_until END) * 1000)::bigint, 0) AS muted_until_ms;
