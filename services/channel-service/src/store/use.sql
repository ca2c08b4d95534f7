-- A listed channel rises to the front of the list: $1 the channel.
UPDATE chat.listing SET active_at = statement_timestamp() WHERE channel_id = $1;
