-- Creates an incoming webhook, if the actor may do so. Returns `done` or the refusal reason. Run after
-- lockChannel.
-- name: createIncomingWebhook
SELECT chat.create_webhook(:actorId, :id, :name, :channelId, :tokenHash, :most) AS outcome;

-- Reads an incoming webhook that has not ended.
-- name: readIncomingWebhook
SELECT b.user_id AS id, b.channel_id, u.name, b.created_by, floor(extract(epoch FROM b.created_at) * 1000)::bigint AS created_ms
FROM chat.bot b JOIN chat.users u ON u.id = b.user_id WHERE b.user_id = :id AND b.is_webhook AND b.revoked_at IS NULL;

-- Lists the incoming webhooks of a channel that have not ended, the oldest first.
-- name: listIncomingWebhooks
SELECT b.user_id AS id, b.channel_id, u.name, b.created_by, floor(extract(epoch FROM b.created_at) * 1000)::bigint AS created_ms
FROM chat.bot b JOIN chat.users u ON u.id = b.user_id
WHERE b.channel_id = :channelId AND b.is_webhook AND b.revoked_at IS NULL ORDER BY b.created_at, b.user_id LIMIT :most;

-- Gives an incoming webhook another token. Returns false if it has ended.
-- name: rotateIncomingWebhook
SELECT chat.rotate_webhook(:actorId, :id, :tokenHash) AS done;

-- Ends an incoming webhook. Returns false if it had ended before.
-- name: endIncomingWebhook
SELECT chat.end_webhook(:actorId, :id) AS done;
