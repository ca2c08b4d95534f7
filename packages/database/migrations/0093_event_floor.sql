-- Events are deleted after a day. A gateway that stood still for longer finds out by the oldest event: the purge keeps the
-- newest event that is older than a day, so whoever has seen that one has lost none.
GRANT SELECT (at) ON chat.event TO chat_gateway;
GRANT SELECT (txid) ON chat.event TO chat_manager;
