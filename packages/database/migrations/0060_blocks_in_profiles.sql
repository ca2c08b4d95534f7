-- A profile says whether the reader has blocked its user.
GRANT SELECT (user_id, blocked_id) ON chat.block TO chat_user;
