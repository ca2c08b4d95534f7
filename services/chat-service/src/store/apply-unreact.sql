-- $1 channel, $2 target, $3 user, $4 emoji.
DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = $2 AND user_id = $3 AND emoji = $4;
