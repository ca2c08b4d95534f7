-- Empties the logs of channels deleted at least a day ago. $1 maximum number of channels. Until
-- then clients can still learn why the channel is gone.
UPDATE chat.channel_head h SET first_seq = h.last_seq + 1 WHERE h.channel_id IN (
  SELECT c.id FROM chat.channel c JOIN chat.channel_head x ON x.channel_id = c.id
  WHERE c.deleted_at < now() - interval '1 day' AND x.first_seq <= x.last_seq LIMIT $1
);
