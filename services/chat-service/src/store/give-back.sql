-- Gives channels back, so that the next Listen can place them at once: $1 this server's instance
-- id, $2 channels, $3 their epochs.
SELECT chat.give_back($1, h.channel_id, h.epoch) AS given
FROM unnest($2::int[], $3::bigint[]) AS h (channel_id, epoch);
