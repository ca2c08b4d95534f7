-- Finds the direct chat of two users. $1 and $2 the pair, ordered by the bytes of their ids.
SELECT id FROM chat.channel WHERE kind = 'direct' AND deleted_at IS NULL AND pair_low = $1 AND pair_high = $2;
