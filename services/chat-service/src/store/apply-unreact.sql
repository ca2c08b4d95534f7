-- Removes a reaction: $1 channel, $2 target, $3 user, $4 emoji. Older rows may lack the emoji style
-- (U+FE0F) that $4 has.
DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = $2 AND user_id = $3 AND replace(emoji, chr(65039), '') = replace($4, chr(65039), '');
