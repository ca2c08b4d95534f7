-- Assigns a channel without a live owner to a server, by power of two choices. $1 channel, $2 epoch
-- that was read. Returns no row if no server is serving or the epoch has changed.
-- Prefers a server that is not overloaded, then the one with fewer placements, counted now: a
-- reported load is a second old, and clients of a channel that was just placed have not connected
-- yet. Each channel therefore weighs as much as 10 seats.
WITH two AS MATERIALIZED (
  SELECT boot_id, name, addr, internal_addr, tls, load FROM chat.server
  WHERE state = 'serving' AND lease_until > statement_timestamp() ORDER BY random() LIMIT 2
), pick AS (
  SELECT two.* FROM two
  ORDER BY load > 0.8, 10 * (SELECT count(*) FROM chat.channel_head o WHERE o.boot_id = two.boot_id)
    + (SELECT count(*) FROM chat.seat t WHERE t.boot_id = two.boot_id), load
  LIMIT 1
)
UPDATE chat.channel_head h SET boot_id = pick.boot_id, epoch = h.epoch + 1
FROM pick WHERE h.channel_id = $1 AND h.epoch = $2
RETURNING h.epoch, pick.boot_id, pick.name, pick.addr, pick.internal_addr, pick.tls;
