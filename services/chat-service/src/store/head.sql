-- $1 the channel: who owns it.
SELECT h.boot_id, h.epoch, c.name AS channel_name, c.user_limit
FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id WHERE h.channel_id = $1 AND c.deleted_at IS NULL;
