-- Takes one call back: $1 the key, $2 seconds per call.
UPDATE chat.rate SET tat = tat - make_interval(secs => $2) WHERE key = $1;
