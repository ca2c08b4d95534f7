-- Creates the direct chat of two users. $1 user who opens it, $2 and $3 the pair, ordered as in
-- find-direct. Returns no row if a committed one exists.
INSERT INTO chat.channel (owner_id, name, user_limit, kind, pair_low, pair_high) VALUES ($1, '', 2, 'direct', $2, $3)
ON CONFLICT (pair_low, pair_high) WHERE kind = 'direct' AND deleted_at IS NULL DO NOTHING RETURNING id;
