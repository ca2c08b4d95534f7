-- $1 channel, $2 target, $3 who pins it; NULL: it is taken down.
UPDATE chat.message SET pinned_at = CASE WHEN $3::varchar IS NULL THEN NULL ELSE statement_timestamp() END, pinned_by = $3
WHERE channel_id = $1 AND seq = $2 AND kind = :KIND_MESSAGE;
