-- Stores a complete report. $1 boot_id, $2 name, $3 addr, $4 internal addr, $5 tls, $6 state, $7
-- load, $8 seats, $9 metric.
-- Only a goodbye shortens a lease, unless the lease ends later than possible because the clock was
-- set back. A server never returns from draining or stopped. Its name and addresses stay the same
-- for the life of the process, and only the keys that registered it may report for it.
-- Returns no row if the keys differ, or if no key of the process is in the table: a row without
-- them would refuse the process once it publishes its key again. `inserted`: first report of this
-- process.
INSERT INTO chat.server AS s (boot_id, name, addr, internal_addr, tls, state, load, seats, metric, lease_until, chain)
(SELECT $1::uuid, $2, $3, $4, $5::boolean, $6::text, $7::real, $8::int, $9::jsonb, CASE WHEN $6::text = 'stopped' THEN now() ELSE now() + interval '3 s' END, k.chain
  FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = $1::uuid::text ORDER BY k.nth DESC LIMIT 1)
ON CONFLICT (boot_id) DO UPDATE SET load = excluded.load, seats = excluded.seats, metric = excluded.metric, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN 'stopped' WHEN 'draining' IN (s.state, excluded.state) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN least(s.lease_until, now())
    WHEN s.lease_until > now() + interval '30 s' THEN excluded.lease_until ELSE greatest(s.lease_until, excluded.lease_until) END
WHERE (s.chain, s.name, s.addr, s.internal_addr, s.tls) IS NOT DISTINCT FROM
  (excluded.chain, excluded.name, excluded.addr, excluded.internal_addr, excluded.tls)
RETURNING xmax = 0 AS inserted;
