-- $1 channel, $2 target, $3 data, $4 content type, $5 the edit's own seq. Each edit blanks the words of the one before it; its digest stays, so
-- that a retry of it is known.
WITH replaced AS (
  UPDATE chat.message SET data = '' WHERE channel_id = $1 AND seq = (
    SELECT max(e.seq) FROM chat.message e WHERE e.channel_id = $1 AND e.target_seq = $2 AND e.kind = 1 AND e.seq < $5::bigint)
)
UPDATE chat.message SET data = $3, content_type = $4, edited_at = statement_timestamp()
WHERE channel_id = $1 AND seq = $2 AND kind = 0 AND deleted_at IS NULL;
