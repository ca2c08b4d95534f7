-- Operators find accounts by the start of their name too, as it is written.
CREATE INDEX users_name_prefix ON chat.users (lower(name) text_pattern_ops);
