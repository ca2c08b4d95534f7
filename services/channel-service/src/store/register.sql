-- A report in full: $1 boot id, $2 name, $3 addr, $4 internal addr, $5 tls, $6 state, $7 load, $8 seats, $9 metric.
-- A lease is never shortened but by a goodbye, unless it lies further ahead than any can (the clock was set back), and no server comes
-- back from draining or stopped. Name and addresses stay for one life, and only the keys that registered a server report for it.
-- No row: these are others. `inserted`: the first report of this life.
INSERT INTO chat.server AS s (boot_id, name, addr, internal_addr, tls, state, load, seats, metric, lease_until, chain)
VALUES ($1, $2, $3, $4, $5, $6::text, $7, $8, $9, CASE WHEN $6::text = 'stopped' THEN now() ELSE now() + interval '3 s' END,
  (SELECT k.chain FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = $1::uuid::text ORDER BY k.nth DESC LIMIT 1))
ON CONFLICT (boot_id) DO UPDATE SET load = excluded.load, seats = excluded.seats, metric = excluded.metric, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN 'stopped' WHEN 'draining' IN (s.state, excluded.state) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN least(s.lease_until, now())
    WHEN s.lease_until > now() + interval '30 s' THEN excluded.lease_until ELSE greatest(s.lease_until, excluded.lease_until) END
WHERE (s.chain, s.name, s.addr, s.internal_addr, s.tls) IS NOT DISTINCT FROM
  (excluded.chain, excluded.name, excluded.addr, excluded.internal_addr, excluded.tls)
RETURNING xmax = 0 AS inserted;
