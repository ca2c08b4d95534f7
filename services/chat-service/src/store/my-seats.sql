-- Reads all seats of this server: $1 its instance id. `over` is true if the session has ended or
-- the user is not active. Looks up users and sessions seat by seat, as a join would read both
-- tables in full every second.
SELECT t.id, t.live, t.join_by < now() AS late, (SELECT u.status <> 'active' FROM chat.users u WHERE u.id = t.user_id)
  OR coalesce((SELECT s.revoked_at IS NOT NULL OR s.expires_at <= now() FROM chat.session s WHERE s.id = t.session_id), false) AS over
FROM chat.seat t WHERE t.boot_id = $1;
