-- Takes back one call. $1 key, $2 seconds per call.
UPDATE chat.rate SET tat = tat - make_interval(secs => $2) WHERE key = $1;
