-- $1 the channel, $2 the member, $3 the role.
UPDATE chat.member SET role = $3 WHERE channel_id = $1 AND user_id = $2;
