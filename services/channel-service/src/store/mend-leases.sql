-- The clock was set back: what was written before lies further ahead than it can. From now on it counts from now. Whoever lives reports
-- within a second; whoever does not is gone in three, and not when the old time comes again.
UPDATE chat.server SET lease_until = CASE WHEN state = 'stopped' THEN least(lease_until, now()) ELSE least(lease_until, now() + interval '3 s') END,
  lease_since = least(lease_since, now()), reported_at = least(reported_at, now()), started_at = least(started_at, now())
WHERE lease_until > now() + interval '31 s' OR lease_since > now() + interval '1 s' OR reported_at > now() + interval '1 s'
RETURNING boot_id;
