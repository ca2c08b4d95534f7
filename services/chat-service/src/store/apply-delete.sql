-- Deletes the message $2 of channel $1: blanks its text, content type and mentions, and those of
-- all its edits. The rows stay, so that a retry does not bring it back. Returns the sender, and the
-- change in its stored bytes.
WITH was AS (
  SELECT sender_id, chat.stored_bytes(data, content_type, mentions) AS bytes
  FROM chat.message WHERE channel_id = $1 AND (seq = $2 OR (target_seq = $2 AND kind = :KIND_EDIT))
), reactions AS (
  DELETE FROM chat.reaction WHERE channel_id = $1 AND seq = $2
), blanked AS (
  UPDATE chat.message SET data = '', content_type = '', mentions = '{}', deleted_at = statement_timestamp()
  WHERE channel_id = $1 AND (seq = $2 OR (target_seq = $2 AND kind = :KIND_EDIT))
), head AS (
  UPDATE chat.channel_head SET stored_bytes = stored_bytes - (SELECT coalesce(sum(bytes), 0) FROM was) WHERE channel_id = $1
)
SELECT sender_id, -sum(bytes) AS bytes FROM was GROUP BY sender_id;
