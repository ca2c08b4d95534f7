-- Returns the roster of channels that this server still owns: $1 its instance id, $2 channels, $3
-- epochs. No row for a channel if another server owns it.
SELECT h.channel_id, h.roster FROM unnest($2::int[], $3::bigint[]) AS c (channel_id, epoch)
JOIN chat.channel_head h ON h.channel_id = c.channel_id AND h.epoch = c.epoch AND h.boot_id = $1;
