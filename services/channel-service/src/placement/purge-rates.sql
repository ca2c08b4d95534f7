-- Deletes rate keys that have been idle for an hour: they no longer limit anything.
DELETE FROM chat.rate WHERE tat < now() - interval '1 h';
