-- Counts one call by GCRA, with one timestamp per key. $1 key, $2 seconds per call, $3 burst.
-- Returns wait_ms: 0 if the call was counted, otherwise the milliseconds until it may be retried.
-- Uses clock_timestamp(), because a statement that waited for the row began before the one that
-- held it, and time must not go back between them.
-- A key is never more than $3 calls ahead, unless it was written before the clock was set back.
-- Such a key counts as one with a single call left, so nobody waits until the old time is reached
-- again.
WITH counted AS (
  INSERT INTO chat.rate AS r (key, tat) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (key) DO UPDATE
    SET tat = least(greatest(r.tat, clock_timestamp()), clock_timestamp() + make_interval(secs => $2 * ($3 - 1))) + make_interval(secs => $2)
    WHERE r.tat <= clock_timestamp() + make_interval(secs => $2 * ($3 - 1)) OR r.tat > clock_timestamp() + make_interval(secs => $2 * $3 + 1)
  RETURNING 0 AS wait_ms)
SELECT wait_ms FROM counted
UNION ALL
SELECT greatest(1, ceil(1000 * (extract(epoch FROM r.tat - clock_timestamp()) - $2 * ($3 - 1))))::int
FROM chat.rate r WHERE r.key = $1 AND NOT EXISTS (SELECT FROM counted);
