-- A member comes, or comes back: $1 the channel, $2 the user, $3 the last seq before, $4 whether its history is open.
-- Who comes back to an open history has one interval from the first day on; where it is closed, the older part is lost.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2)
INSERT INTO chat.member AS m (channel_id, user_id, joined_seq) VALUES ($1, $2, $3)
ON CONFLICT (channel_id, user_id) DO UPDATE SET left_seq = NULL, joined_at = now(), left_by_choice = false,
  joined_seq = CASE WHEN $4 AND m.left_seq > 0 THEN m.joined_seq ELSE excluded.joined_seq END;
