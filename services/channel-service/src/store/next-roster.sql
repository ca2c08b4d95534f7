-- A change that is no entry: who owns the channel sees another roster. $1 the channel. After lock-channel.
UPDATE chat.channel_head SET roster = roster + 1 WHERE channel_id = $1 RETURNING last_seq AS before, last_seq AS at;
