-- Deletes the offer to user $2 in channel $1.
DELETE FROM chat.offer WHERE channel_id = $1 AND user_id = $2;
