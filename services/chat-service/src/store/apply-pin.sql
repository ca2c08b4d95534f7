-- Pins or unpins a message: $1 channel, $2 target, $3 the user who pins it, or NULL to unpin it.
UPDATE chat.message SET pinned_at = CASE WHEN $3::varchar IS NULL THEN NULL ELSE statement_timestamp() END, pinned_by = $3
WHERE channel_id = $1 AND seq = $2 AND kind = :KIND_MESSAGE;
