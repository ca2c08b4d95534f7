-- What an edit, deletion, reaction or pin is about: $1 the channel, $2 the seq. Only what somebody said can be meant.
SELECT sender_id, deleted_at IS NOT NULL AS deleted FROM chat.message WHERE channel_id = $1 AND seq = $2 AND kind = 0;
