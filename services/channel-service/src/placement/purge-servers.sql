-- Deletes servers that ended at least an hour ago and own no channel.
DELETE FROM chat.server s WHERE s.lease_until < now() - interval '1 h'
  AND NOT EXISTS (SELECT FROM chat.channel_head h WHERE h.boot_id = s.boot_id);
