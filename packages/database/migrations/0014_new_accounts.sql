-- A new account makes fewer channels: the manager has to know how old it is.
GRANT SELECT (created_at) ON chat.users TO chat_manager;
