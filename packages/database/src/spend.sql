-- GCRA, one timestamp per key: $1 the key, $2 seconds per call, $3 calls at once.
-- wait_ms 0: counted. Else nothing was counted, and this many milliseconds from now it may be.
-- clock_timestamp(): who waited for the row began earlier than who held it, and must not be earlier here too.
WITH counted AS (
  INSERT INTO chat.rate AS r (key, tat) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (key) DO UPDATE SET tat = greatest(r.tat, clock_timestamp()) + make_interval(secs => $2)
    WHERE r.tat <= clock_timestamp() + make_interval(secs => $2 * ($3 - 1))
  RETURNING 0 AS wait_ms)
SELECT wait_ms FROM counted
UNION ALL
SELECT greatest(1, ceil(1000 * (extract(epoch FROM r.tat - clock_timestamp()) - $2 * ($3 - 1))))::int
FROM chat.rate r WHERE r.key = $1 AND NOT EXISTS (SELECT FROM counted);
