-- Reads a channel and its head: $1 channel, $2 this server's instance id. No row if this server
-- does not own it.
SELECT c.id AS channel_id, c.kind, c.owner_id, c.slow_mode_s, c.keep_seconds IS DISTINCT FROM 0 AS keeps,
  h.epoch, h.log_id, h.last_seq, h.first_seq, h.roster, h.stored_bytes, h.stored_rows
FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id
WHERE h.channel_id = $1 AND h.boot_id = $2 AND c.deleted_at IS NULL;
