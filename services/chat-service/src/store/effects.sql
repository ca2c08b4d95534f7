-- Applies the edit with the seq `editSeq` to its target. Blanks the text, content type and mentions
-- of the previous edit, but keeps its digest, so that a retry of it is recognised. Returns the
-- sender of the target, and the change in its stored bytes.
-- name: applyEdit
WITH was AS (
  SELECT sender_id, chat.stored_bytes(:data::bytea, :contentType::varchar, mentions) - chat.stored_bytes(data, content_type, mentions) AS bytes
  FROM chat.message WHERE channel_id = :channelId AND seq = :targetSeq AND deleted_at IS NULL
), earlier AS (
  SELECT seq, chat.stored_bytes(data, content_type, mentions) AS bytes FROM chat.message
  WHERE channel_id = :channelId AND target_seq = :targetSeq AND kind = :KIND_EDIT AND seq < :editSeq::bigint ORDER BY seq DESC LIMIT 1
), replaced AS (
  UPDATE chat.message m SET data = '', content_type = '', mentions = '{}' FROM earlier WHERE m.channel_id = :channelId AND m.seq = earlier.seq
), edited AS (
  UPDATE chat.message SET data = :data, content_type = :contentType, edited_at = statement_timestamp()
  WHERE channel_id = :channelId AND seq = :targetSeq AND deleted_at IS NULL
), more AS (
  SELECT was.sender_id, was.bytes - coalesce((SELECT bytes FROM earlier), 0) AS bytes FROM was
), head AS (
  UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes + more.bytes FROM more WHERE h.channel_id = :channelId
)
SELECT sender_id, bytes FROM more;

-- Deletes a message: blanks its text, content type and mentions, and those of all its edits. The
-- rows stay, so that a retried Send does not bring the message back. Returns the sender, and the
-- change in its stored bytes.
-- name: applyDelete
WITH was AS (
  SELECT sender_id, chat.stored_bytes(data, content_type, mentions) AS bytes
  FROM chat.message WHERE channel_id = :channelId AND (seq = :targetSeq OR (target_seq = :targetSeq AND kind = :KIND_EDIT))
), reactions AS (
  DELETE FROM chat.reaction WHERE channel_id = :channelId AND seq = :targetSeq
), blanked AS (
  UPDATE chat.message SET data = '', content_type = '', mentions = '{}', deleted_at = statement_timestamp()
  WHERE channel_id = :channelId AND (seq = :targetSeq OR (target_seq = :targetSeq AND kind = :KIND_EDIT))
), head AS (
  UPDATE chat.channel_head SET stored_bytes = stored_bytes - (SELECT coalesce(sum(bytes), 0) FROM was) WHERE channel_id = :channelId
)
SELECT sender_id, -sum(bytes) AS bytes FROM was GROUP BY sender_id;

-- Adds a reaction, unless the message is deleted.
-- name: addReaction
INSERT INTO chat.reaction (channel_id, seq, user_id, emoji)
SELECT :channelId::int, :targetSeq::bigint, :userId::varchar, :emoji::varchar
WHERE EXISTS (SELECT FROM chat.message WHERE channel_id = :channelId AND seq = :targetSeq AND deleted_at IS NULL)
ON CONFLICT DO NOTHING;

-- Removes a reaction. Older rows may lack the emoji style (U+FE0F) that the parameter has.
-- name: removeReaction
DELETE FROM chat.reaction
WHERE channel_id = :channelId AND seq = :targetSeq AND user_id = :userId AND replace(emoji, chr(65039), '') = replace(:emoji, chr(65039), '');

-- Pins a message for the user `pinnedBy`, or unpins it if that is NULL.
-- name: setPin
UPDATE chat.message SET pinned_at = CASE WHEN :pinnedBy::varchar IS NULL THEN NULL ELSE statement_timestamp() END, pinned_by = :pinnedBy
WHERE channel_id = :channelId AND seq = :targetSeq;
