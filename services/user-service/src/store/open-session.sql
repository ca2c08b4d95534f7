-- Opens a session. $1 user, $2 password hash that was verified, $3 device, $4 lifetime in seconds,
-- $5 address of the caller. Returns no row if the user is suspended or a guest, or the password has
-- just changed. The share lock waits for a password change in progress and delays the next one
-- until this session exists and can be revoked.
WITH me AS (
  SELECT id FROM chat.users
  WHERE id = $1 AND password_hash = $2 AND status = 'active' AND role <> 'guest'
  FOR SHARE),
opened AS (
  INSERT INTO chat.session (user_id, device, address, expires_at)
  SELECT id, $3, $5, now() + make_interval(secs => $4) FROM me
  RETURNING id, user_id, expires_at)
SELECT o.id AS session_id, o.expires_at, u.id, u.number, u.name, u.role, u.status, u.about, u.avatar_id, u.email, u.last_seen_at,
  false AS online
FROM opened o JOIN chat.users u ON u.id = o.user_id;
