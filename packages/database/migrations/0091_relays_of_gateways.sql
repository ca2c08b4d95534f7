-- A gateway opens a relay to each chat server, with a token for that one process.
GRANT SELECT (instance_id) ON chat.server TO chat_gateway;
