-- Returns which of these sessions have ended, and why.
-- name: endedSessions
SELECT i.id AS session_id, CASE WHEN u.status <> 'active' THEN 'suspended' ELSE 'logged-out' END AS reason
FROM unnest(:sessionIds::uuid[]) AS i (id)
LEFT JOIN LATERAL (SELECT x.user_id, x.revoked_at, x.expires_at FROM chat.session x WHERE x.id = i.id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT x.status FROM chat.users x WHERE x.id = s.user_id LIMIT 1) u ON true
WHERE s.user_id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= now() OR u.status <> 'active';

-- Returns the channels that exist, and whether they are deleted.
-- name: channelStates
SELECT c.id AS channel_id, c.deleted_at IS NOT NULL AS is_deleted FROM chat.channel c WHERE c.id = ANY (:channelIds::int[]);

-- Reads the storage that each user has used in all channels, together with the accounts that share
-- the quota.
-- name: readUsage
SELECT u.id AS user_id, q.bytes, q.rows FROM unnest(:userIds::varchar[]) AS u (id) CROSS JOIN LATERAL chat.stored_by(u.id) q;
