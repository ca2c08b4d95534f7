-- The log is shown as it is now: whether an edit is the last one of its message is one look into this index.
CREATE INDEX message_edits ON chat.message (channel_id, target_seq, seq) WHERE kind = 1;
