-- Seats at servers that have been dead for 5 s, or that nobody knows. While nobody could renew a lease nobody is dead.
-- Rows that are locked have another fate just now.
DELETE FROM chat.seat WHERE id IN (
  SELECT x.id FROM chat.seat x
  WHERE pg_postmaster_start_time() NOT BETWEEN now() - interval '5 s' AND now() AND x.boot_id NOT IN (
    SELECT s.boot_id FROM chat.server s
    WHERE s.lease_until >= now() - interval '5 s' OR coalesce(chat.gone_from(s.lease_until) >= now(), true)
  )
  LIMIT 5000 FOR UPDATE OF x SKIP LOCKED
);
