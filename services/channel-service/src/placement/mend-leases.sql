-- Shortens leases that end later than possible because the clock was set back. They now end three
-- seconds from now: a live server renews within a second, and a dead one does not stay until the
-- old time is reached again.
UPDATE chat.server SET lease_until = CASE WHEN state = 'stopped' THEN least(lease_until, now()) ELSE least(lease_until, now() + interval '3 s') END,
  lease_since = least(lease_since, now()), reported_at = least(reported_at, now()), started_at = least(started_at, now())
WHERE lease_until > now() + interval '31 s' OR lease_since > now() + interval '1 s' OR reported_at > now() + interval '1 s'
RETURNING boot_id;
