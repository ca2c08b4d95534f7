-- Reads the state of a channel for a user. $1 channel, $2 user. Run after lock-channel: now() is
-- older than the lock, so use statement_timestamp().
-- wait_ms: how long to wait before treating the lapsed lease as dead. lapsed_ms: time since the
-- lease expired without a clean shutdown.
SELECT h.epoch, s.boot_id, s.name, s.addr, s.internal_addr, s.tls,
  coalesce(s.lease_until > statement_timestamp(), false) AS alive,
  CASE WHEN s.state <> 'stopped' AND s.lease_until <= statement_timestamp() THEN
    ceil(extract(epoch FROM greatest(interval '0', coalesce(chat.gone_from(s.lease_until) - statement_timestamp(), interval '0'))) * 1000)::int
    ELSE 0 END AS wait_ms,
  CASE WHEN s.state <> 'stopped' AND s.lease_until <= statement_timestamp() THEN
    floor(extract(epoch FROM statement_timestamp() - s.lease_until) * 1000)::bigint END AS lapsed_ms,
  m.user_id IS NOT NULL AND m.left_seq IS NULL AS member,
  coalesce(m.banned_until > statement_timestamp(), false) AS banned
FROM chat.channel_head h
LEFT JOIN chat.server s ON s.boot_id = h.boot_id
LEFT JOIN chat.member m ON m.channel_id = h.channel_id AND m.user_id = $2
WHERE h.channel_id = $1;
