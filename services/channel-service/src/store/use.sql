-- Somebody listens to a listed channel: $1 the channel. Written down once a minute.
UPDATE chat.listing SET active_at = statement_timestamp()
WHERE channel_id = $1 AND active_at NOT BETWEEN statement_timestamp() - interval '1 min' AND statement_timestamp();
