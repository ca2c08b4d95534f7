-- Creates an outgoing webhook, which starts after the last entry of the log. Inserts nothing if the
-- chat has `most` already, or the creator, unless the creator is an operator. Run after lockChannel,
-- and after the rate limit, which makes the creations of one user take turns.
-- name: createOutgoingWebhook
INSERT INTO chat.outgoing_webhook (id, channel_id, url, types, secret, created_by, seq)
SELECT :id, h.channel_id, :url, :types::text[], :secret::bytea, :actorId::varchar, h.last_seq FROM chat.channel_head h
WHERE h.channel_id = :channelId
  AND (SELECT count(*) FROM chat.outgoing_webhook w WHERE w.channel_id = :channelId) < :most
  AND (SELECT count(*) FROM chat.outgoing_webhook w JOIN chat.users u ON u.id = w.created_by AND u.role <> 'admin' WHERE w.created_by = :actorId::varchar) < :most
RETURNING id;

-- name: readOutgoingWebhook
SELECT w.id, w.channel_id, w.url, w.types, w.created_by, floor(extract(epoch FROM w.created_at) * 1000)::bigint AS created_ms,
  coalesce(w.disabled_reason, '') AS disabled_reason,
  (SELECT count(*) FROM chat.outgoing_failure f WHERE f.webhook_id = w.id AND f.due_at IS NULL) AS dead_letters
FROM chat.outgoing_webhook w WHERE w.id = :id;

-- Lists the outgoing webhooks of a chat, the oldest first.
-- name: listOutgoingWebhooks
SELECT w.id, w.channel_id, w.url, w.types, w.created_by, floor(extract(epoch FROM w.created_at) * 1000)::bigint AS created_ms,
  coalesce(w.disabled_reason, '') AS disabled_reason,
  (SELECT count(*) FROM chat.outgoing_failure f WHERE f.webhook_id = w.id AND f.due_at IS NULL) AS dead_letters
FROM chat.outgoing_webhook w WHERE w.channel_id = :channelId ORDER BY w.created_at, w.id LIMIT :most;

-- Gives an outgoing webhook another secret. For `overlapMs`, gateways sign with the old one too.
-- name: rotateOutgoingWebhook
UPDATE chat.outgoing_webhook SET old_secret = secret, old_until = now() + :overlapMs * interval '1 ms', secret = :secret WHERE id = :id;

-- Enables an outgoing webhook. The actor becomes its creator, whose rights in the chat gateways check.
-- `due_at` stays, because it may be the end of the lease of a gateway that is sending.
-- name: resumeOutgoingWebhook
UPDATE chat.outgoing_webhook SET disabled_at = NULL, disabled_reason = NULL, failures = 0, failing_since = NULL, created_by = :actorId
WHERE id = :id;

-- Makes the dead letters of an outgoing webhook due, and counts their attempts from 0 again.
-- name: resendDeadLetters
UPDATE chat.outgoing_failure SET attempts = 0, due_at = now() WHERE webhook_id = :id AND due_at IS NULL;

-- name: deleteOutgoingWebhook
DELETE FROM chat.outgoing_webhook WHERE id = :id;

-- name: listDeadLetters
SELECT seq, attempts, floor(extract(epoch FROM failed_at) * 1000)::bigint AS failed_ms, why
FROM chat.outgoing_failure WHERE webhook_id = :id AND due_at IS NULL ORDER BY seq LIMIT :most;
