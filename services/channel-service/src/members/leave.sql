-- Ends a membership and deletes the user's offer in the channel. $1 channel, $2 user, $3 last seq
-- the user may still read, $4 whether the user chose to leave.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2)
UPDATE chat.member SET left_seq = $3, role = 'member', left_by_choice = $4 WHERE channel_id = $1 AND user_id = $2;
