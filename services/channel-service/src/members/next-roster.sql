-- Increments the roster number of channel $1, so the owner learns of a change that is not a log
-- entry. Run after lock-channel.
UPDATE chat.channel_head SET roster = roster + 1 WHERE channel_id = $1 RETURNING last_seq AS before, last_seq AS at;
