-- A member goes: $1 the channel, $2 the user, $3 the last seq that the user may still read, $4 whether it was the user's own choice.
-- What was offered there is over.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2)
UPDATE chat.member SET left_seq = $3, role = 'member', left_by_choice = $4 WHERE channel_id = $1 AND user_id = $2;
