-- GCRA, one timestamp per key: $1 the key, $2 seconds per call, $3 calls at once.
-- wait_ms 0: counted. Else nothing was counted, and this many milliseconds from now it may be.
-- clock_timestamp(): who waited for the row began earlier than who held it, and must not be earlier here too.
-- No call puts a key further ahead than $3 calls. One that is was written before the clock was set back: it counts as one that has
-- just one call left, and nobody waits until the old time comes again.
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
