-- Reads chat servers that are live or ended within the last ten minutes. $1 maximum number.
SELECT s.boot_id, s.name, s.addr, s.internal_addr, s.tls, s.state, s.load, s.seats, s.lease_until <= now() AS lapsed,
  least(floor(extract(epoch FROM now() - s.reported_at) * 1000), 4294967295)::bigint AS report_age_ms,
  (SELECT count(*) FROM chat.channel_head h WHERE h.boot_id = s.boot_id) AS channels
FROM chat.server s WHERE s.lease_until > now() - interval '10 min' ORDER BY s.name, s.started_at LIMIT $1;
