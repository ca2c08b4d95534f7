-- What was offered to somebody in a channel is over: $1 the channel, $2 the user.
DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2;
