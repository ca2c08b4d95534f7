-- Managers delete events that are older than a day. They read nothing of an event but its age.
GRANT SELECT (id, at), DELETE ON chat.event TO chat_manager;
