-- Reads the key of the installation and the subscription of a session. Both may be NULL.
-- name: readPush
SELECT k.public_key AS server_key, s.endpoint, s.public_key, s.secret, s.shows_text,
  floor(extract(epoch FROM s.quiet_until) * 1000)::bigint AS quiet_until_ms
FROM (SELECT) AS one LEFT JOIN chat.push_key k ON true LEFT JOIN chat.push_subscription s ON s.session_id = :sessionId;

-- Stores the subscription of a session. Another session that had the endpoint loses it: a browser
-- has one user at a time.
-- name: savePush
WITH others AS (
  DELETE FROM chat.push_subscription WHERE endpoint = :endpoint AND session_id <> :sessionId
)
INSERT INTO chat.push_subscription (session_id, user_id, endpoint, public_key, secret, shows_text, quiet_until)
VALUES (:sessionId, :userId, :endpoint, :publicKey, :secret, :showsText, to_timestamp(nullif(:quietUntilMs::bigint, 0) / 1000.0))
ON CONFLICT (session_id) DO UPDATE SET endpoint = excluded.endpoint, public_key = excluded.public_key, secret = excluded.secret,
  shows_text = excluded.shows_text, quiet_until = excluded.quiet_until, failures = 0, waits_until = NULL;

-- name: removePush
DELETE FROM chat.push_subscription WHERE session_id = :sessionId;
