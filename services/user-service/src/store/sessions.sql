-- Opens a session. Returns no row if the user is suspended or a guest, or the password is no longer
-- the one that was verified. The share lock waits for a password change in progress and delays the
-- next one until this session exists and can be revoked. A one-time password opens one session.
-- name: openSession
WITH own AS (
  SELECT id FROM chat.users
  WHERE id = :userId AND password_hash = :verifiedHash AND status = 'active' AND role <> 'guest' AND password_state = 'own'
  FOR SHARE),
once AS (
  UPDATE chat.users SET password_state = 'used'
  WHERE id = :userId AND password_hash = :verifiedHash AND status = 'active' AND role <> 'guest' AND password_state = 'one-time'
  RETURNING id),
me AS (SELECT id FROM own UNION ALL SELECT id FROM once)
INSERT INTO chat.session (user_id, device, address, expires_at)
SELECT id, :device, :address, now() + make_interval(secs => :lifeSeconds) FROM me
RETURNING id AS session_id, expires_at, EXISTS (SELECT FROM once) AS must_change_password;

-- Reads the sessions of a user that have not ended, the newest first.
-- name: listSessions
SELECT id, device, address, created_at, expires_at FROM chat.session
WHERE user_id = :userId AND revoked_at IS NULL AND expires_at > now()
ORDER BY created_at DESC, id LIMIT :size;
