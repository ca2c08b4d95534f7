-- $1 channel, $2 target: its words are gone, here and in every edit of it; the row stays, so that a retry does not bring it back.
WITH reactions AS (DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = $2)
UPDATE chat.message SET data = '', deleted_at = statement_timestamp()
WHERE channel_id = $1 AND (seq = $2 OR (target_seq = $2 AND kind = 1));
