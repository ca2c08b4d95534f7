-- What holds of a channel for a user: $1 the channel, $2 the user. After lock-channel, so now() is older than the lock:
-- statement_timestamp() is not. wait_ms: PostgreSQL has just started, so every lease has lapsed and the owner has not had
-- the time to renew its own.
SELECT h.epoch, s.boot_id, s.name, s.addr, s.internal_addr, s.tls,
  coalesce(s.lease_until > statement_timestamp(), false) AS alive,
  CASE WHEN s.state <> 'stopped' THEN
    greatest(0, ceil(extract(epoch FROM pg_postmaster_start_time() + interval '5 s' - statement_timestamp()) * 1000))::int
    ELSE 0 END AS wait_ms,
  m.user_id IS NOT NULL AND m.left_seq IS NULL AS member,
  coalesce(m.banned_until > statement_timestamp(), false) AS banned
FROM chat.channel_head h
LEFT JOIN chat.server s ON s.boot_id = h.boot_id
LEFT JOIN chat.member m ON m.channel_id = h.channel_id AND m.user_id = $2
WHERE h.channel_id = $1;
