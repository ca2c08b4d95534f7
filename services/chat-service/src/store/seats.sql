-- Claims a reserved seat. Each seat can be claimed once. Returns no row if the seat was used, was
-- replaced by a newer Listen, is too late or belongs to another server, if the channel moved or was
-- deleted, or if the user logged out or was suspended, banned or deleted.
-- name: claimSeat
UPDATE chat.seat t SET live = true
FROM chat.channel_head h, chat.users u CROSS JOIN LATERAL chat.stored_by(u.id) q,
  chat.channel c LEFT JOIN chat.member m ON m.channel_id = :channelId AND m.user_id = :userId
WHERE t.id = :seatId AND t.instance_id = :instanceId AND t.channel_id = :channelId AND t.user_id = :userId AND NOT t.live AND t.join_by > now()
  AND h.channel_id = t.channel_id AND h.instance_id = t.instance_id AND h.epoch = t.epoch
  AND c.id = t.channel_id AND c.deleted_at IS NULL
  AND u.id = t.user_id AND u.status = 'active'
  AND (t.session_id IS NULL OR EXISTS (SELECT FROM chat.session s WHERE s.id = t.session_id AND s.revoked_at IS NULL AND s.expires_at > now()))
  AND (m.user_id IS NULL OR coalesce(m.banned_until <= now(), true)) AND (c.kind = 'room' OR (m.user_id IS NOT NULL AND m.left_seq IS NULL))
RETURNING :CHANNEL_FIELDS, c.id AS channel_id, c.retention_seconds IS DISTINCT FROM 0 AS has_history,
  h.epoch, h.log_id, h.first_seq, h.last_seq, h.revision, h.stored_bytes, h.stored_rows,
  u.id AS user_id, u.number, u.name AS user_name, q.bytes AS used_bytes, q.rows AS used_rows,
  CASE WHEN c.kind = 'room' THEN 'none' ELSE coalesce(m.role, 'none') END AS role,
  CASE WHEN c.open_history THEN 0 ELSE coalesce(m.joined_seq, 0) END AS visible_after,
  coalesce(floor(extract(epoch FROM CASE WHEN m.muted_until = 'infinity' THEN '9999-01-01' ELSE m.muted_until END) * 1000)::bigint, 0) AS muted_until_ms;

-- Deletes seats whose stream has ended. Locks them in one order, so that two such statements cannot
-- deadlock.
-- name: deleteSeats
DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE id = ANY (:seatIds::uuid[]) ORDER BY id FOR UPDATE);

-- Reads all seats of this server. `is_expired`: it was not claimed in time. `has_ended`: the
-- session has ended or the user is not active. Looks up users and sessions seat by seat, because a
-- join would read both tables in full every second.
-- name: listSeats
SELECT t.id, t.live, t.join_by < now() AS is_expired, coalesce((SELECT u.status <> 'active' FROM chat.users u WHERE u.id = t.user_id)
  OR (SELECT s.revoked_at IS NOT NULL OR s.expires_at <= now() FROM chat.session s WHERE s.id = t.session_id), false) AS has_ended
FROM chat.seat t WHERE t.instance_id = :instanceId;

-- Returns the reason why each stream has lost its seat, in the order of the arrays. NULL if no
-- reason is known: the seat was used, was too late, or belongs to a server that could not be
-- reached for a long time.
-- name: lossReasons
SELECT CASE
    WHEN c.id IS NULL OR c.deleted_at IS NOT NULL THEN 'channel-deleted'
    WHEN u.status <> 'active' THEN 'suspended'
    WHEN s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= now() THEN 'logged-out'
    WHEN m.banned_until > now() AND c.kind = 'room' THEN 'banned'
    WHEN m.banned_until > now() OR (m.left_seq IS NOT NULL AND c.kind <> 'room') THEN 'removed' -- rooms do not use left_seq
    WHEN EXISTS (SELECT FROM chat.kicked_seat k WHERE k.seat_id = gone.seat_id) THEN 'kicked'
    WHEN h.instance_id IS DISTINCT FROM :instanceId THEN 'moved'
    WHEN EXISTS (SELECT FROM chat.seat x WHERE x.user_id = u.id AND x.exclusive) THEN 'replaced'
  END AS reason
FROM unnest(:seatIds::uuid[], :channelIds::int[], :userIds::varchar[], :sessionIds::uuid[])
  WITH ORDINALITY AS gone (seat_id, channel_id, user_id, session_id, n)
LEFT JOIN chat.channel c ON c.id = gone.channel_id
LEFT JOIN chat.channel_head h ON h.channel_id = gone.channel_id
LEFT JOIN chat.users u ON u.id = gone.user_id
LEFT JOIN chat.session s ON s.id = gone.session_id
LEFT JOIN chat.member m ON m.channel_id = gone.channel_id AND m.user_id = gone.user_id
ORDER BY gone.n;
