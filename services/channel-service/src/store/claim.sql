-- A channel without a living owner gets one, by two choices: $1 the channel, $2 the epoch that was read. No row: no server is serving.
-- Of the two, one that has time; then the one where less is placed, counted now: a load is a second old, and a channel that was
-- placed a moment ago has not brought its people yet. So a channel counts as much as 10 seats.
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
