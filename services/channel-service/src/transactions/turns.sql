-- Takes the turn at some work, which one manager at a time holds until its transaction ends. Lifts
-- the idle timeout, because the transaction is idle while other connections work.
-- name: takeTurn
SELECT count(*) > 0 AND set_config('idle_in_transaction_session_timeout', '0', true) IS NOT NULL AS mine
FROM (SELECT FROM chat.upkeep_turn WHERE name = :work FOR UPDATE SKIP LOCKED) turn;
