-- Milliseconds until a key has a call again: $1 the key, $2 seconds per call, $3 calls at once.
SELECT ceil(extract(epoch FROM tat - now() - make_interval(secs => $2 * ($3 - 1))) * 1000)::int AS ms
FROM chat.rate WHERE key = $1;
