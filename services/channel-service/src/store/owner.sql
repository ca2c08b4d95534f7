-- Who owns a channel: $1 the channel. After lock-channel, so now() is older than the lock: statement_timestamp() is not.
-- wait_ms: PostgreSQL has just started, so every lease has lapsed and the owner has not had the time to renew its own.
SELECT h.epoch, s.boot_id, s.name, s.addr, s.internal_addr, s.tls,
  coalesce(s.lease_until > statement_timestamp(), false) AS alive,
  CASE WHEN s.state <> 'stopped' THEN
    greatest(0, ceil(extract(epoch FROM pg_postmaster_start_time() + interval '5 s' - statement_timestamp()) * 1000))::int
    ELSE 0 END AS wait_ms
FROM chat.channel_head h LEFT JOIN chat.server s ON s.boot_id = h.boot_id
WHERE h.channel_id = $1;
