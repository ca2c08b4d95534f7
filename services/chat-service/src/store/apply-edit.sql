-- Applies an edit to its target: $1 channel, $2 target, $3 data, $4 content type, $5 the edit's own
-- seq. Blanks the text, content type and mentions of the previous edit, but keeps its digest, so
-- that a retry of it is recognised. Returns the sender of the target, and the change in its stored
-- bytes.
WITH was AS (
  SELECT sender_id, chat.stored_bytes($3::bytea, $4::varchar, mentions) - chat.stored_bytes(data, content_type, mentions) AS bytes
  FROM chat.message WHERE channel_id = $1 AND seq = $2 AND kind = :KIND_MESSAGE AND deleted_at IS NULL
), earlier AS (
  SELECT seq, chat.stored_bytes(data, content_type, mentions) AS bytes FROM chat.message
  WHERE channel_id = $1 AND target_seq = $2 AND kind = :KIND_EDIT AND seq < $5::bigint ORDER BY seq DESC LIMIT 1
), replaced AS (
  UPDATE chat.message m SET data = '', content_type = '', mentions = '{}' FROM earlier WHERE m.channel_id = $1 AND m.seq = earlier.seq
), edited AS (
  UPDATE chat.message SET data = $3, content_type = $4, edited_at = statement_timestamp()
  WHERE channel_id = $1 AND seq = $2 AND kind = :KIND_MESSAGE AND deleted_at IS NULL
), more AS (
  SELECT was.sender_id, was.bytes - coalesce((SELECT bytes FROM earlier), 0) AS bytes FROM was
), head AS (
  UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes + more.bytes FROM more WHERE h.channel_id = $1
)
SELECT sender_id, bytes FROM more;
