-- GCRA, one timestamp per key: $1 the key, $2 seconds per call, $3 calls at once. No row: too often.
-- clock_timestamp(): who waited for the row began earlier than who held it, and must not be earlier here too.
INSERT INTO chat.rate AS r (key, tat) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT (key) DO UPDATE SET tat = greatest(r.tat, clock_timestamp()) + make_interval(secs => $2)
  WHERE r.tat <= clock_timestamp() + make_interval(secs => $2 * ($3 - 1))
RETURNING true AS allowed;
