-- $1 channel, $2 target, $3 user, $4 emoji. Earlier ones may have been stored without the emoji
-- style (U+FE0F) that it has now.
DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = $2 AND user_id = $3 AND replace(emoji, chr(65039), '') = replace($4, chr(65039), '');
