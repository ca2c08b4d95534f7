-- Moves listed channel $1 to the front of the list.
UPDATE chat.listing SET active_at = statement_timestamp() WHERE channel_id = $1;
