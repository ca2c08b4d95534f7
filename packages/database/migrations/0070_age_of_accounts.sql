-- A user sees when their own account was made.
GRANT SELECT (created_at) ON chat.users TO chat_user;
