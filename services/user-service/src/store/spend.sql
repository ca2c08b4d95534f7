-- GCRA, one timestamp per key: $1 the key, $2 seconds per attempt, $3 attempts at once.
-- wait_ms 0: counted. Else nothing was counted, and this many milliseconds from now it may be.
WITH counted AS (
  INSERT INTO chat.rate AS r (key, tat) VALUES ($1, now() + make_interval(secs => $2))
  ON CONFLICT (key) DO UPDATE SET tat = greatest(r.tat, now()) + make_interval(secs => $2)
    WHERE r.tat <= now() + make_interval(secs => $2 * ($3 - 1))
  RETURNING 0 AS wait_ms)
SELECT wait_ms FROM counted
UNION ALL
SELECT greatest(1, ceil(1000 * (extract(epoch FROM r.tat - now()) - $2 * ($3 - 1))))::int
FROM chat.rate r WHERE r.key = $1 AND NOT EXISTS (SELECT FROM counted);
