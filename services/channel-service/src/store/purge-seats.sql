-- Seats at servers that have been dead for 5 s, or that nobody knows. Just after a start of PostgreSQL every server looks dead.
-- Rows that are locked have another fate just now.
DELETE FROM chat.seat WHERE id IN (
  SELECT x.id FROM chat.seat x LEFT JOIN chat.server s ON s.boot_id = x.boot_id
  WHERE (s.boot_id IS NULL OR s.lease_until < now() - interval '5 s') AND pg_postmaster_start_time() < now() - interval '5 s'
  LIMIT 5000 FOR UPDATE OF x SKIP LOCKED
);
