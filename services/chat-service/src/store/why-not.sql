-- Why nothing was written in these channels: $1 this server's boot id, $2 the channels, $3 my
-- epochs. No row, or not mine: another server has it.
SELECT h.channel_id, h.roster FROM unnest($2::int[], $3::bigint[]) AS c (channel_id, epoch)
JOIN chat.channel_head h ON h.channel_id = c.channel_id AND h.epoch = c.epoch AND h.boot_id = $1;
