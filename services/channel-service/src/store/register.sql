-- A report in full: $1 boot id, $2 name, $3 addr, $4 internal addr, $5 tls, $6 state, $7 load, $8 seats, $9 metric.
-- A lease is never shortened but by a goodbye, and no server comes back from draining or stopped.
INSERT INTO chat.server AS s (boot_id, name, addr, internal_addr, tls, state, load, seats, metric, lease_until)
VALUES ($1, $2, $3, $4, $5, $6::text, $7, $8, $9, CASE WHEN $6::text = 'stopped' THEN now() ELSE now() + interval '3 s' END)
ON CONFLICT (boot_id) DO UPDATE SET name = excluded.name, addr = excluded.addr, internal_addr = excluded.internal_addr,
  tls = excluded.tls, load = excluded.load, seats = excluded.seats, metric = excluded.metric, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN 'stopped' WHEN 'draining' IN (s.state, excluded.state) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN least(s.lease_until, now()) ELSE greatest(s.lease_until, excluded.lease_until) END;
