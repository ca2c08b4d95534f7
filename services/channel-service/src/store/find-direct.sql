-- The direct chat of two people: $1 and $2, in the order of the bytes of their ids.
SELECT id FROM chat.channel WHERE kind = 'direct' AND deleted_at IS NULL AND pair_low = $1 AND pair_high = $2;
