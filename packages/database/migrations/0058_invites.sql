-- When an invitation was last used. Managers purge those that nobody can use any more.
ALTER TABLE chat.invite ADD COLUMN used_at TIMESTAMPTZ;
GRANT SELECT, INSERT, DELETE, UPDATE (use_count, used_at, revoked_at) ON chat.invite TO chat_manager;
