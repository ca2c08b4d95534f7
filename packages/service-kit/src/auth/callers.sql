-- Reads the user of a session. Every authenticated call runs this.
-- name: readCaller
SELECT u.id, u.number, u.name, u.role, u.status, s.revoked_at IS NULL AND s.expires_at > now() AS has_session,
  u.password_state = 'used' AS must_change_password
FROM chat.session s JOIN chat.users u ON u.id = s.user_id WHERE s.id = :sessionId;
