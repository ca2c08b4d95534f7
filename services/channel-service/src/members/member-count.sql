-- Counts the members of channel $1. Run after lock-channel.
SELECT count(*) AS members FROM chat.member WHERE channel_id = $1 AND left_seq IS NULL;
