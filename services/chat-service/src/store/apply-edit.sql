-- $1 channel, $2 target, $3 data, $4 content type.
UPDATE chat.message SET data = $3, content_type = $4, edited_at = statement_timestamp()
WHERE channel_id = $1 AND seq = $2 AND kind = 0 AND deleted_at IS NULL;
