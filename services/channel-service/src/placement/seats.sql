-- Reads the owning server of a channel, live or dead, and the membership of a user. Run after
-- lockChannel. Uses statement_timestamp(), because now() is older than the lock. `wait_ms`: how
-- long to wait before treating the lapsed lease as dead. `lapsed_ms`: time since the lease expired
-- without a clean shutdown.
-- name: readChannelState
SELECT h.epoch, s.instance_id, s.name, s.addr, s.internal_addr, s.tls,
  coalesce(s.lease_until > statement_timestamp(), false) AS alive,
  CASE WHEN s.state <> 'stopped' AND s.lease_until <= statement_timestamp() THEN
    ceil(extract(epoch FROM greatest(interval '0', coalesce(chat.gone_from(s.lease_until) - statement_timestamp(), interval '0'))) * 1000)::int
    ELSE 0 END AS wait_ms,
  CASE WHEN s.state <> 'stopped' AND s.lease_until <= statement_timestamp() THEN
    floor(extract(epoch FROM statement_timestamp() - s.lease_until) * 1000)::bigint END AS lapsed_ms,
  m.user_id IS NOT NULL AND m.left_seq IS NULL AS member,
  CASE WHEN m.banned_until > statement_timestamp() THEN ceil(extract(epoch FROM least(m.banned_until, statement_timestamp() + interval '24 d') - statement_timestamp()) * 1000)::int ELSE 0 END AS banned_for_ms
FROM chat.channel_head h
LEFT JOIN chat.server s ON s.instance_id = h.instance_id
LEFT JOIN chat.member m ON m.channel_id = h.channel_id AND m.user_id = :userId
WHERE h.channel_id = :channelId;

-- Assigns a channel without a live owning server to a server, by power of two choices. `epoch` is
-- the epoch that the caller has read. Returns no row if no server is serving or the epoch has
-- changed. Prefers a server that is not overloaded, then the one with fewer placements, counted
-- now: a reported load is a second old, and clients of a channel that was just placed have not
-- connected yet. Each placed channel counts as much as 10 seats.
-- name: claimChannel
WITH two AS MATERIALIZED (
  SELECT instance_id, name, addr, internal_addr, tls, load FROM chat.server
  WHERE state = 'serving' AND lease_until > statement_timestamp() ORDER BY random() LIMIT 2
), pick AS (
  SELECT two.* FROM two
  ORDER BY load > 0.8, 10 * (SELECT count(*) FROM chat.channel_head o WHERE o.instance_id = two.instance_id)
    + (SELECT count(*) FROM chat.seat t WHERE t.instance_id = two.instance_id), load
  LIMIT 1
)
UPDATE chat.channel_head h SET instance_id = pick.instance_id, epoch = h.epoch + 1
FROM pick WHERE h.channel_id = :channelId AND h.epoch = :epoch
RETURNING h.epoch, pick.instance_id, pick.name, pick.addr, pick.internal_addr, pick.tls;

-- Reserves the seat of a user in a room, replacing their seat in any other room. The instance and
-- the epoch are those of the owning server. Run after lockChannel. Returns no row if the room is
-- full. Counts only seats of the current ownership, because no other can be taken. A reservation
-- counts 5 s longer than it can be used, to cover a statement that is taking it. The conditions are
-- in the FILTER so that the planner does not choose another index.
-- name: reserveRoomSeat
WITH old AS (
  SELECT x.id, s.instance_id AS "instanceId", s.internal_addr AS "internalAddr" FROM chat.seat x
  JOIN chat.server s ON s.instance_id = x.instance_id AND s.lease_until > statement_timestamp() WHERE x.user_id = :userId::varchar AND x.exclusive
)
INSERT INTO chat.seat AS t (id, channel_id, user_id, instance_id, epoch, session_id, exclusive, join_by)
SELECT :seatId::uuid, :channelId::int, :userId::varchar, :instanceId::uuid, :epoch::bigint, :sessionId::uuid, true, statement_timestamp() + make_interval(secs => :joinWithinSeconds)
WHERE (
  SELECT count(DISTINCT x.user_id) FILTER (WHERE x.instance_id = :instanceId::uuid AND x.epoch = :epoch::bigint
    AND (x.live OR x.join_by > statement_timestamp() - interval '5 s'))
  FROM chat.seat x WHERE x.channel_id = :channelId::int AND x.user_id <> :userId::varchar
) < :maxSeats
ON CONFLICT (user_id) WHERE exclusive DO UPDATE SET id = excluded.id, channel_id = excluded.channel_id,
  instance_id = excluded.instance_id, epoch = excluded.epoch, session_id = excluded.session_id, live = false,
  join_by = excluded.join_by, created_at = statement_timestamp()
RETURNING t.join_by, (SELECT to_json(old) FROM old) AS replaced;

-- Reserves one more seat for a user in a chat. The instance and the epoch are those of the owning
-- server. Run after lockUser. Returns no row if the user has the maximum number of seats on live
-- servers.
-- name: reserveChatSeat
INSERT INTO chat.seat AS t (id, channel_id, user_id, instance_id, epoch, session_id, exclusive, join_by)
SELECT :seatId::uuid, :channelId::int, :userId::varchar, :instanceId::uuid, :epoch::bigint, :sessionId::uuid, false, statement_timestamp() + make_interval(secs => :joinWithinSeconds)
WHERE (
  SELECT count(*) FROM chat.seat x JOIN chat.server s ON s.instance_id = x.instance_id AND s.lease_until > statement_timestamp()
  WHERE x.user_id = :userId::varchar AND NOT x.exclusive AND (x.live OR x.join_by > statement_timestamp())
) < :maxSeats
RETURNING t.join_by, NULL::json AS replaced;

-- Reserves a channel for its owning server, so that the server does not give it back as empty. Run
-- after lockChannel.
-- name: reserveChannel
UPDATE chat.channel_head SET reserved_until = statement_timestamp() + make_interval(secs => :seconds) WHERE channel_id = :channelId;

-- Deletes the seats of a user in a channel and returns the live servers that had one. Locks the
-- seats in id order, like every other statement that ends several, to avoid deadlocks.
-- name: endSeatsInChannel
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE channel_id = :channelId AND user_id = :userId ORDER BY id FOR UPDATE) RETURNING instance_id
)
SELECT s.instance_id, s.internal_addr FROM chat.server s
WHERE s.instance_id IN (SELECT instance_id FROM ended) AND s.lease_until > statement_timestamp();

-- Deletes the seats in a channel (NULL: in all channels) of a user (NULL: of all users). Returns
-- the live servers that had some, with the number of seats on each. Locks the seats in id order,
-- like every other statement that ends several, to avoid deadlocks.
-- name: endSeats
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (
    SELECT id FROM chat.seat WHERE (:channelId::int IS NULL OR channel_id = :channelId) AND (:userId::varchar IS NULL OR user_id = :userId) ORDER BY id FOR UPDATE
  ) RETURNING instance_id
)
SELECT s.instance_id, s.internal_addr, count(*) AS seats FROM ended JOIN chat.server s ON s.instance_id = ended.instance_id
WHERE s.lease_until > statement_timestamp() GROUP BY s.instance_id, s.internal_addr;

-- Ends seats like endSeats, and records that they were kicked, so that a chat server that finds a
-- seat missing knows the reason.
-- name: kickSeats
WITH ended AS (
  DELETE FROM chat.seat WHERE id IN (
    SELECT id FROM chat.seat WHERE (:channelId::int IS NULL OR channel_id = :channelId) AND (:userId::varchar IS NULL OR user_id = :userId) ORDER BY id FOR UPDATE
  ) RETURNING id, instance_id
), kicked AS (INSERT INTO chat.kicked_seat (seat_id) SELECT id FROM ended)
SELECT s.instance_id, s.internal_addr, count(*) AS seats FROM ended JOIN chat.server s ON s.instance_id = ended.instance_id
WHERE s.lease_until > statement_timestamp() GROUP BY s.instance_id, s.internal_addr;
