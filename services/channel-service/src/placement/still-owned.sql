-- Returns whether a server owns all the channels it reports. $1 boot_id, $2 channels, $3 their
-- epochs as reported.
SELECT NOT EXISTS (
  SELECT FROM unnest($2::int[], $3::bigint[]) AS said (channel_id, epoch)
  LEFT JOIN chat.channel_head h ON h.channel_id = said.channel_id AND h.epoch = said.epoch AND h.boot_id = $1
  WHERE h.channel_id IS NULL
) AS owned;
