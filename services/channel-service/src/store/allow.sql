-- GCRA, one timestamp per key: $1 the key, $2 seconds per call, $3 calls at once. No row: too often.
INSERT INTO chat.rate AS r (key, tat) VALUES ($1, now() + make_interval(secs => $2))
ON CONFLICT (key) DO UPDATE SET tat = greatest(r.tat, now()) + make_interval(secs => $2)
  WHERE r.tat <= now() + make_interval(secs => $2 * ($3 - 1))
RETURNING true AS allowed;
