-- Stores a complete report and renews the lease. Only a report with the state `stopped` shortens a
-- lease, unless the lease ends later than possible because the clock was set back. A server never
-- returns from draining or stopped. Returns no row if the name, an address or the key chain of the
-- process has changed. Also returns no row if the table has no key of the process: a row without a
-- key chain would refuse the process once it publishes its key again. `inserted`: this is the first
-- report of the process.
-- name: registerServer
INSERT INTO chat.server AS s (instance_id, name, addr, internal_addr, tls, state, load, seats, metric, lease_until, chain)
(SELECT :instanceId::uuid, :name, :addr, :internalAddr, :tls::boolean, :state::text, :load::real, :seats::int, :metric::jsonb, CASE WHEN :state::text = 'stopped' THEN now() ELSE now() + interval '3 s' END, k.chain
  FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = :instanceId::uuid::text ORDER BY k.nth DESC LIMIT 1)
ON CONFLICT (instance_id) DO UPDATE SET load = excluded.load, seats = excluded.seats, metric = excluded.metric, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN 'stopped' WHEN 'draining' IN (s.state, excluded.state) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, excluded.state) THEN least(s.lease_until, now())
    WHEN s.lease_until > now() + interval '30 s' THEN excluded.lease_until ELSE greatest(s.lease_until, excluded.lease_until) END
WHERE (s.chain, s.name, s.addr, s.internal_addr, s.tls) IS NOT DISTINCT FROM
  (excluded.chain, excluded.name, excluded.addr, excluded.internal_addr, excluded.tls)
RETURNING xmax = 0 AS inserted;

-- Stores a report without addresses and renews the lease. NULL leaves state, load or seats
-- unchanged. Returns no row if the server is unknown or was registered by other keys.
-- name: renewServer
UPDATE chat.server s SET load = coalesce(:load, load), seats = coalesce(:seats, seats), metric = :metric, reported_at = now(),
  state = CASE WHEN 'stopped' IN (s.state, :state::text) THEN 'stopped' WHEN 'draining' IN (s.state, :state::text) THEN 'draining' ELSE 'serving' END,
  lease_until = CASE WHEN 'stopped' IN (s.state, :state::text) THEN least(lease_until, now())
    WHEN lease_until > now() + interval '30 s' THEN now() + interval '3 s' ELSE greatest(lease_until, now() + interval '3 s') END
WHERE instance_id = :instanceId AND chain IS NOT DISTINCT FROM (
  SELECT k.chain FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = :instanceId::uuid::text ORDER BY k.nth DESC LIMIT 1)
RETURNING instance_id;

-- Ends the lease of a server that cannot serve its channels, so they can be placed elsewhere at
-- once. Changes nothing and returns no row unless another server has a lease that has been live for
-- at least 4 s. Without such a server, all servers may be cut off (see chat.gone_from), or none
-- could take over.
-- name: endLease
UPDATE chat.server s SET lease_until = least(lease_until, now()) WHERE s.instance_id = :instanceId AND EXISTS (
  SELECT FROM chat.server o WHERE o.instance_id <> :instanceId AND o.lease_until > now() AND o.lease_since < now() - interval '4 s'
) RETURNING instance_id;

-- Returns whether a server owns all the channels that it reports, with their epochs.
-- name: ownsChannels
SELECT NOT EXISTS (
  SELECT FROM unnest(:channelIds::int[], :epochs::bigint[]) AS said (channel_id, epoch)
  LEFT JOIN chat.channel_head h ON h.channel_id = said.channel_id AND h.epoch = said.epoch AND h.instance_id = :instanceId
  WHERE h.channel_id IS NULL
) AS owned;

-- Reads the other instances with this internal address whose leases are live.
-- name: findEarlierInstances
SELECT instance_id FROM chat.server WHERE internal_addr = :internalAddr AND instance_id <> :instanceId AND state <> 'stopped' AND lease_until > now();

-- Ends the leases of servers that died without reporting the state `stopped`.
-- name: endLeases
UPDATE chat.server SET lease_until = least(lease_until, now()) WHERE instance_id = ANY (:instanceIds::uuid[]);

-- Marks a server as draining, so nothing new is placed on it; later reports do not undo that.
-- Returns no row if the server is not live.
-- name: drainServer
UPDATE chat.server SET state = 'draining' WHERE instance_id = :instanceId AND state <> 'stopped' AND lease_until > now()
RETURNING instance_id, internal_addr, name;

-- Reads chat servers that are live or ended within the last ten minutes.
-- name: listServers
SELECT s.instance_id, s.name, s.addr, s.internal_addr, s.tls, s.state, s.load, s.seats, s.lease_until <= now() AS lapsed,
  least(floor(extract(epoch FROM now() - s.reported_at) * 1000), 4294967295)::bigint AS report_age_ms,
  (SELECT count(*) FROM chat.channel_head h WHERE h.instance_id = s.instance_id) AS channels
FROM chat.server s WHERE s.lease_until > now() - interval '10 min' ORDER BY s.name, s.started_at LIMIT :maxServers;

-- Reads the ids and internal addresses of all live servers.
-- name: liveServers
SELECT instance_id, internal_addr FROM chat.server WHERE lease_until > now();

-- Shortens leases that end later than possible because the clock was set back. They now end three
-- seconds from now: a live server renews its lease within a second, and a dead one must not count
-- as live until the clock reaches the old time again.
-- name: shortenLeases
UPDATE chat.server SET lease_until = CASE WHEN state = 'stopped' THEN least(lease_until, now()) ELSE least(lease_until, now() + interval '3 s') END,
  lease_since = least(lease_since, now()), reported_at = least(reported_at, now()), started_at = least(started_at, now())
WHERE lease_until > now() + interval '31 s' OR lease_since > now() + interval '1 s' OR reported_at > now() + interval '1 s'
RETURNING instance_id;

-- Shortens reservations that end later than possible (see shortenLeases): the time to join is at
-- most 10 seconds.
-- name: shortenReservations
UPDATE chat.seat SET join_by = now() + interval '10 s' WHERE NOT live AND join_by > now() + interval '11 s';
