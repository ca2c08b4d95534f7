-- A channel without a living owner gets one, by two choices: $1 the channel, $2 the epoch that was read. No row: no server is serving.
WITH two AS MATERIALIZED (
  SELECT boot_id, name, addr, internal_addr, tls, load FROM chat.server
  WHERE state = 'serving' AND lease_until > statement_timestamp() ORDER BY random() LIMIT 2
), pick AS (SELECT * FROM two ORDER BY load LIMIT 1)
UPDATE chat.channel_head h SET boot_id = pick.boot_id, epoch = h.epoch + 1
FROM pick WHERE h.channel_id = $1 AND h.epoch = $2
RETURNING h.epoch, pick.boot_id, pick.name, pick.addr, pick.internal_addr, pick.tls;
