-- Stores a report of this gateway and renews its lease; a last report ends the lease. Returns
-- whether an operator wants the gateway drained.
-- name: reportGateway
INSERT INTO chat.gateway AS g (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
VALUES (:instanceId, :name, :httpAddr, :grpcAddr, :version, :state::text, :inboxes, :connections,
  now() + CASE WHEN :state::text = 'stopped' THEN interval '0' ELSE interval '5 s' END)
ON CONFLICT (instance_id) DO UPDATE SET state = excluded.state, inboxes = excluded.inboxes, connections = excluded.connections,
  reported_at = now(), lease_until = excluded.lease_until
RETURNING drain;

-- Records which users have an open inbox at this gateway, and which of them no longer have one.
-- name: savePresence
SELECT FROM chat.save_presence(:instanceId, :here::varchar[], :gone::varchar[]);
