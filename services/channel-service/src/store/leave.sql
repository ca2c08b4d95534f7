-- A member goes: $1 the channel, $2 the user, $3 the last seq that the user may still read.
UPDATE chat.member SET left_seq = $3, role = 'member' WHERE channel_id = $1 AND user_id = $2;
