-- expand
-- `chat.applied_migration` lists the migrations that have run. Since then, `chat.migration` lists only those that a service must know.
GRANT SELECT ON chat.applied_migration TO chat_user, chat_manager, chat_server, chat_gateway;
