-- Opens a session. Returns no row if the user is suspended or a guest, or the password is no longer
-- the one that was verified. The share lock waits for a password change in progress and delays the
-- next one until this session exists and can be revoked.
-- name: openSession
WITH me AS (
  SELECT id FROM chat.users
  WHERE id = :userId AND password_hash = :verifiedHash AND status = 'active' AND role <> 'guest'
  FOR SHARE),
opened AS (
  INSERT INTO chat.session (user_id, device, address, expires_at)
  SELECT id, :device, :address, now() + make_interval(secs => :lifeSeconds) FROM me
  RETURNING id, user_id, expires_at)
SELECT o.id AS session_id, o.expires_at,
  u.id, u.number, u.name, u.role, u.status, u.about, u.avatar_id, u.last_seen_at, u.email, false AS online
FROM opened o JOIN chat.users u ON u.id = o.user_id;
