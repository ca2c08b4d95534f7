-- Tells managers the public key of this installation, which subscriptions need.
-- name: reportPushKey
INSERT INTO chat.push_key AS k (public_key) VALUES (:publicKey)
ON CONFLICT (id) DO UPDATE SET public_key = excluded.public_key WHERE k.public_key <> excluded.public_key;

-- Takes pushes that are due, at most one of each session, for `leaseMs`. If this gateway dies, they
-- are due again after that. Leaves out the sessions to which this gateway is sending.
-- name: takePushes
UPDATE chat.push_due d SET due_at = clock_timestamp() + :leaseMs * interval '1 ms'
FROM (
  SELECT p.session_id, p.channel_id FROM chat.push_due p
  WHERE p.due_at <= clock_timestamp() AND p.session_id <> ALL (:busyIds::uuid[]) AND NOT EXISTS (
    SELECT FROM chat.push_due q WHERE q.session_id = p.session_id AND (q.due_at, q.channel_id) < (p.due_at, p.channel_id)
  )
  ORDER BY p.due_at LIMIT :size FOR UPDATE SKIP LOCKED
) due
WHERE d.session_id = due.session_id AND d.channel_id = due.channel_id
RETURNING d.session_id, d.channel_id, d.notification_id;

-- Reads what to send. `is_live`: the session lasts. `is_wanted`: the user has not read the
-- notification yet, may see it, and wants to be told of it now.
-- name: readPushes
SELECT t.session_id, t.channel_id, t.notification_id, s.failures, s.endpoint, s.public_key, s.secret,
  e.revoked_at IS NULL AND e.expires_at > now() AS is_live,
  coalesce(n.read_at IS NULL AND n.created_at > now() - interval '1 d' AND NOT coalesce(n.seq <= m.read_seq, false)
    AND (n.kind = 'offered' OR m.user_id IS NOT NULL AND m.left_seq IS NULL)
    AND (n.seq IS NULL OR x.deleted_at IS NULL AND x.seq >= h.first_seq)
    AND (n.kind IN ('added', 'offered', 'role') OR m.notify = 'all' OR m.notify = 'mentions' AND n.kind <> 'direct')
    AND coalesce(s.quiet_until <= now(), true), false) AS is_wanted,
  coalesce(n.kind, '') AS kind, coalesce(n.seq, 0) AS seq, coalesce(c.name, '') AS channel_name, coalesce(c.kind, 'group') AS channel_kind,
  coalesce(u.name, '') AS by_name, CASE WHEN s.shows_text AND (x.content_type = '' OR x.content_type LIKE 'text/%') THEN substr(x.data, 1, 1000) ELSE '' END AS text_bytes
FROM unnest(:sessionIds::uuid[], :channelIds::int[], :notificationIds::bigint[]) AS t (session_id, channel_id, notification_id)
JOIN chat.push_subscription s ON s.session_id = t.session_id JOIN chat.session e ON e.id = s.session_id
LEFT JOIN chat.notification n ON n.id = t.notification_id AND n.user_id = s.user_id
LEFT JOIN chat.channel c ON c.id = n.channel_id LEFT JOIN chat.channel_head h ON h.channel_id = n.channel_id
LEFT JOIN chat.member m ON m.channel_id = n.channel_id AND m.user_id = n.user_id
LEFT JOIN chat.message x ON x.channel_id = n.channel_id AND x.seq = n.seq
LEFT JOIN chat.users u ON u.id = n.by_id;

-- Deletes a push that is done. If a newer notification has taken its place meanwhile, that one is
-- due soon.
-- name: finishPush
WITH done AS (
  DELETE FROM chat.push_due WHERE session_id = :sessionId AND channel_id = :channelId AND notification_id = :notificationId
)
UPDATE chat.push_due SET due_at = clock_timestamp() + interval '5 s'
WHERE session_id = :sessionId AND channel_id = :channelId AND notification_id <> :notificationId;

-- After a failure of the push service, everything for the session waits. Locks in the order of the
-- keys, as the trigger that inserts the rows does.
-- name: postponePushes
WITH waiting AS (
  UPDATE chat.push_subscription SET failures = failures + 1, waits_until = clock_timestamp() + :afterMs * interval '1 ms'
  WHERE session_id = :sessionId
)
UPDATE chat.push_due d SET due_at = clock_timestamp() + :afterMs * interval '1 ms'
FROM (SELECT p.channel_id FROM chat.push_due p WHERE p.session_id = :sessionId ORDER BY p.channel_id FOR UPDATE) due
WHERE d.session_id = :sessionId AND d.channel_id = due.channel_id;

-- name: forgetFailures
UPDATE chat.push_subscription SET failures = 0, waits_until = NULL WHERE session_id = :sessionId;

-- Deletes a subscription whose endpoint is gone, unless the user has replaced it meanwhile.
-- name: forgetPush
DELETE FROM chat.push_subscription WHERE session_id = :sessionId AND endpoint = :endpoint;
