-- Asks a gateway to drain. The gateway reads this with its next report. Returns no row if the
-- gateway is not live.
-- name: drainGateway
UPDATE chat.gateway SET drain = true WHERE instance_id = :instanceId AND state <> 'stopped'
  AND lease_until BETWEEN now() AND now() + interval '30 s'
RETURNING instance_id, name;

-- Reads gateways that are live or ended within the last ten minutes. If a lease ends later than is
-- possible, it is from before the clock was set back; a live gateway replaces it within a second.
-- name: listGateways
SELECT instance_id, name, http_addr, grpc_addr, version, inboxes, connections,
  CASE WHEN drain AND state = 'serving' THEN 'draining' ELSE state END AS state,
  lease_until NOT BETWEEN now() AND now() + interval '30 s' AS lapsed,
  least(greatest(floor(extract(epoch FROM now() - reported_at) * 1000), 0), 4294967295)::bigint AS report_age_ms
FROM chat.gateway WHERE lease_until > now() - interval '10 min' ORDER BY name, started_at LIMIT :maxGateways;
