-- A page of pinned messages runs backwards from a seq, like any page of a history.
DROP INDEX chat.message_pinned;
CREATE INDEX message_pinned ON chat.message (channel_id, seq) WHERE pinned_at IS NOT NULL AND deleted_at IS NULL;
