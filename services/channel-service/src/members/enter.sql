-- Adds or re-adds a member. $1 channel, $2 user, $3 last seq before, $4 whether history is open.
-- With open history a returning member can read everything since their first join. With closed
-- history they lose access to the older part.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2)
INSERT INTO chat.member AS m (channel_id, user_id, joined_seq) VALUES ($1, $2, $3)
ON CONFLICT (channel_id, user_id) DO UPDATE SET left_seq = NULL, joined_at = now(), left_by_choice = false,
  joined_seq = CASE WHEN $4 AND m.left_seq > 0 THEN m.joined_seq ELSE excluded.joined_seq END;
