-- One manager at a time, until the transaction ends, however long it only waits meanwhile.
SELECT pg_try_advisory_xact_lock(hashtext('chat.retention')) AS mine, set_config('idle_in_transaction_session_timeout', '0', true);
