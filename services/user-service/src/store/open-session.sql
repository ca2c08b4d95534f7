-- $1 user, $2 the password hash that was verified, $3 device, $4 seconds, $5 the address it came from. No row: suspended, a guest, or the
-- password has just changed. The share lock waits for such a change, and holds the next one up until this session is there to be revoked.
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
