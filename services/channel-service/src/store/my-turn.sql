-- One manager at a time, until the transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext('chat.retention')) AS mine;
