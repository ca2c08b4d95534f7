-- Sets the role of a member. $1 channel, $2 member, $3 role.
UPDATE chat.member SET role = $3 WHERE channel_id = $1 AND user_id = $2;
