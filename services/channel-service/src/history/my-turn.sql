-- Takes the retention lock, which one manager at a time holds until its transaction ends.
SELECT count(*) > 0 AS mine, set_config('idle_in_transaction_session_timeout', '0', true)
FROM (SELECT FROM chat.upkeep_turn WHERE name = 'retention' FOR UPDATE SKIP LOCKED) turn;
