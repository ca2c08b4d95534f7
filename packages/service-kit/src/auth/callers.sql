-- Reads the users of sessions, for calls with a user token. `session` is the number of the session:
-- 1, 2, 3, ... LATERAL with LIMIT makes each lookup an index probe.
-- name: readCallers
SELECT u.id, u.number, u.name, u.role, u.status, s.revoked_at IS NULL AND s.expires_at > now() AS has_session,
  u.password_state = 'used' AS must_change_password, asked.session
FROM unnest(:sessionIds::uuid[]) WITH ORDINALITY AS asked (id, session)
CROSS JOIN LATERAL (SELECT x.user_id, x.revoked_at, x.expires_at FROM chat.session x WHERE x.id = asked.id LIMIT 1) s
CROSS JOIN LATERAL (
  SELECT x.id, x.number, x.name, x.role, x.status, x.password_state FROM chat.users x WHERE x.id = s.user_id LIMIT 1
) u;

-- Reads the bot or the guest of a token. `only_channel_id` is the only channel that the bot may be in (NULL:
-- any). `creator_id` is the user against whose limits it counts (NULL: its own).
-- name: readBotCaller
SELECT u.id, u.number, u.name, u.role, u.status, s.revoked_at IS NULL AND s.expires_at > now() AS has_session,
  false AS must_change_password, s.id AS session_id, b.channel_id AS only_channel_id,
  (SELECT o.id FROM chat.users o WHERE b.channel_id IS NOT NULL AND o.id = b.created_by AND o.role <> 'admin') AS creator_id
FROM chat.session s JOIN chat.users u ON u.id = s.user_id LEFT JOIN chat.bot b ON b.user_id = u.id WHERE s.token_hash = :tokenHash;
