-- $1 this server's boot id. Over: its session has ended, or its user may not be here any more.
-- Looked up seat by seat: a join would read all users and all sessions once a second.
SELECT t.id, t.live, t.join_by < now() AS late, (SELECT u.status <> 'active' FROM chat.users u WHERE u.id = t.user_id)
  OR coalesce((SELECT s.revoked_at IS NOT NULL OR s.expires_at <= now() FROM chat.session s WHERE s.id = t.session_id), false) AS over
FROM chat.seat t WHERE t.boot_id = $1;
