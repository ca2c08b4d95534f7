-- History counts the replies of a message that still have their text, without its reactions and edits.
CREATE INDEX message_replies ON chat.message (channel_id, target_seq, seq) WHERE kind = 0 AND target_seq IS NOT NULL AND deleted_at IS NULL;
