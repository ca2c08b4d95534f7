-- Deletes seats on servers that are unknown or have been dead for 5 s. While no server could renew
-- its lease, none counts as dead.
-- Skips locked rows: another transaction is changing them.
DELETE FROM chat.seat WHERE id IN (
  SELECT x.id FROM chat.seat x
  WHERE pg_postmaster_start_time() NOT BETWEEN now() - interval '5 s' AND now() AND x.boot_id NOT IN (
    SELECT s.boot_id FROM chat.server s
    WHERE s.lease_until >= now() - interval '5 s' OR coalesce(chat.gone_from(s.lease_until) >= now(), true)
  )
  LIMIT 5000 FOR UPDATE OF x SKIP LOCKED
);
