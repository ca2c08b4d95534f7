-- Operators find accounts by the start of id, name or e-mail address, and channels by the start of their name.
CREATE INDEX users_id_prefix ON chat.users (lower(id) text_pattern_ops);
CREATE INDEX users_email_prefix ON chat.users (lower(email) text_pattern_ops) WHERE email IS NOT NULL;
CREATE INDEX users_status ON chat.users (status, number);
CREATE INDEX channel_name_prefix ON chat.channel (lower(name) text_pattern_ops) WHERE deleted_at IS NULL;
GRANT SELECT (email, email_verified, bot) ON chat.users TO chat_manager;
