-- Counts calls by GCRA, all of them or none, with one timestamp per key. Returns 0 if they were
-- counted, otherwise the milliseconds until they may be retried. Uses clock_timestamp(): a
-- statement that waited for the row began before the statement that held it, and time must not go
-- back between them. A key is never more than :burst calls ahead, unless it was written before the
-- clock was set back. Such a key counts as one with only these calls left, so nobody waits until
-- the old time is reached again.
-- name: spend
WITH counted AS (
  INSERT INTO chat.rate AS r (key, tat) VALUES (:key, clock_timestamp() + make_interval(secs => :secondsPerCall::float8 * :calls::int))
  ON CONFLICT (key) DO UPDATE
    SET tat = least(greatest(r.tat, clock_timestamp()), clock_timestamp() + make_interval(secs => :secondsPerCall::float8 * (:burst::int - :calls::int)))
      + make_interval(secs => :secondsPerCall::float8 * :calls::int)
    WHERE r.tat <= clock_timestamp() + make_interval(secs => :secondsPerCall::float8 * (:burst::int - :calls::int))
      OR r.tat > clock_timestamp() + make_interval(secs => :secondsPerCall * :burst + 1)
  RETURNING 0 AS wait_ms)
SELECT wait_ms FROM counted
UNION ALL
SELECT greatest(1, ceil(1000 * (extract(epoch FROM r.tat - clock_timestamp()) - :secondsPerCall::float8 * (:burst::int - :calls::int))))::int
FROM chat.rate r WHERE r.key = :key AND NOT EXISTS (SELECT FROM counted);

-- Takes back one counted call.
-- name: refund
UPDATE chat.rate SET tat = tat - make_interval(secs => :secondsPerCall) WHERE key = :key;
