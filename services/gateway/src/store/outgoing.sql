-- Takes webhooks for which there is something to send, for `leaseMs`. If this gateway dies, they are
-- due again after that. A webhook with `mostFailures` failed entries gets no new entries.
-- name: takeWebhooks
UPDATE chat.outgoing_webhook w SET due_at = clock_timestamp() + :leaseMs * interval '1 ms', lease = :lease
FROM (
  SELECT x.id FROM chat.outgoing_webhook x JOIN chat.channel_head h ON h.channel_id = x.channel_id
  WHERE x.disabled_at IS NULL AND x.due_at <= clock_timestamp() AND (
    EXISTS (SELECT FROM chat.outgoing_failure f WHERE f.webhook_id = x.id AND f.due_at <= clock_timestamp())
    OR h.last_seq > x.seq AND (SELECT count(*) FROM chat.outgoing_failure f WHERE f.webhook_id = x.id) < :mostFailures)
  ORDER BY x.due_at LIMIT :size FOR UPDATE OF x SKIP LOCKED
) due
WHERE w.id = due.id RETURNING w.id;

-- Reads a webhook that was taken, and the failure that is due first. Returns nothing once the lease
-- has expired, or if the webhook was taken again, disabled or deleted, or its log has started again.
-- name: readTakenWebhook
SELECT w.channel_id, w.url, w.types, w.secret, CASE WHEN w.old_until > now() THEN w.old_secret END AS old_secret, w.seq,
  h.log_id AS log, h.last_seq, chat.manages_bots(w.created_by, w.channel_id) = 'done' AS is_managed, w.failures,
  coalesce(floor(extract(epoch FROM now() - w.failing_since) * 1000)::bigint, 0) AS failing_ms,
  c.failed, c.dead, f.seq AS retry_seq, coalesce(f.attempts, 0) AS attempts
FROM chat.outgoing_webhook w JOIN chat.channel_head h ON h.channel_id = w.channel_id
CROSS JOIN LATERAL (
  SELECT count(*) AS failed, count(*) FILTER (WHERE x.due_at IS NULL) AS dead FROM chat.outgoing_failure x WHERE x.webhook_id = w.id
) c
LEFT JOIN LATERAL (
  SELECT x.seq, x.attempts FROM chat.outgoing_failure x
  WHERE x.webhook_id = w.id AND x.due_at <= now() ORDER BY x.due_at, x.seq LIMIT 1
) f ON true
WHERE w.id = :id AND w.lease = :lease AND w.due_at > clock_timestamp() AND w.disabled_at IS NULL;

-- Records that an entry was sent. Does nothing without the lease.
-- name: recordSent
WITH hook AS (
  UPDATE chat.outgoing_webhook SET seq = greatest(seq, :seq), failures = 0, failing_since = NULL
  WHERE id = :id AND lease = :lease RETURNING id
)
DELETE FROM chat.outgoing_failure f USING hook WHERE f.webhook_id = hook.id AND f.seq = :seq;

-- Records that an entry was not sent. Does nothing without the lease. `waitMs`: time until the next
-- attempt; NULL: the entry is a dead letter.
-- name: recordFailure
WITH hook AS (
  UPDATE chat.outgoing_webhook SET seq = greatest(seq, :seq), failures = failures + 1, failing_since = coalesce(failing_since, now())
  WHERE id = :id AND lease = :lease RETURNING id
)
INSERT INTO chat.outgoing_failure AS f (webhook_id, seq, attempts, due_at, why)
SELECT hook.id, :seq, :attempts, clock_timestamp() + :waitMs::float8 * interval '1 ms', :why FROM hook
ON CONFLICT (webhook_id, seq) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, failed_at = now(), why = excluded.why;

-- Moves the cursor past entries that are not wanted. Does nothing without the lease.
-- name: skipEntries
UPDATE chat.outgoing_webhook SET seq = greatest(seq, :seq) WHERE id = :id AND lease = :lease;

-- Deletes a failure whose entry retention has removed. Does nothing without the lease.
-- name: forgetEntry
DELETE FROM chat.outgoing_failure f USING chat.outgoing_webhook w
WHERE f.webhook_id = :id AND f.seq = :seq AND w.id = f.webhook_id AND w.lease = :lease;

-- Ends the lease. The webhook is due again after `pauseMs`. `disabledReason` NULL: it stays enabled.
-- name: releaseWebhook
UPDATE chat.outgoing_webhook SET due_at = clock_timestamp() + :pauseMs * interval '1 ms', lease = NULL,
  disabled_at = CASE WHEN :disabledReason::text IS NOT NULL THEN now() END, disabled_reason = :disabledReason
WHERE id = :id AND lease = :lease;
