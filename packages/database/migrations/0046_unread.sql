-- Counting what is unread looks only at messages, however many edits and reactions lie between them.
CREATE INDEX message_said ON chat.message (channel_id, seq) WHERE kind = 0;
CREATE INDEX message_mentions ON chat.message (channel_id, seq) WHERE kind = 0 AND mentions <> '{}';
