-- The once-only step of joining: $1 the seat, $2 this server's boot id, $3 the channel, $4 the user of the token.
-- No row: used, replaced by a newer Listen, too late, another server's, moved meanwhile, logged out, suspended, banned or deleted.
UPDATE chat.seat t SET live = true
FROM chat.channel_head h, chat.channel c, chat.users u
WHERE t.id = $1 AND t.boot_id = $2 AND t.channel_id = $3 AND t.user_id = $4 AND NOT t.live AND t.join_by > now()
  AND h.channel_id = t.channel_id AND h.boot_id = t.boot_id AND h.epoch = t.epoch
  AND c.id = t.channel_id AND c.deleted_at IS NULL
  AND u.id = t.user_id AND u.status = 'active'
  AND (t.session_id IS NULL OR EXISTS (SELECT FROM chat.session s WHERE s.id = t.session_id AND s.revoked_at IS NULL AND s.expires_at > now()))
  AND NOT EXISTS (SELECT FROM chat.member m WHERE m.channel_id = t.channel_id AND m.user_id = t.user_id AND m.banned_until > now())
RETURNING c.id AS channel_id, c.name AS channel_name, c.user_limit, c.kind, c.owner_id, h.epoch, u.id AS user_id, u.number, u.name AS user_name;
