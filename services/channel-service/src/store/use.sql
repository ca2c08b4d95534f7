-- Somebody else than the owner listens to a listed channel: $1 the channel, $2 the listener. It rises once in 10 minutes at most.
UPDATE chat.listing SET active_at = statement_timestamp()
WHERE channel_id = $1 AND active_at NOT BETWEEN statement_timestamp() - interval '10 min' AND statement_timestamp()
  AND NOT EXISTS (SELECT FROM chat.channel c WHERE c.id = $1 AND c.owner_id = $2);
