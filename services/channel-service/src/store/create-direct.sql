-- The direct chat of two people: $1 who opens it, $2 and $3 the two, ordered as in find-direct. No row: there is one, committed by now.
INSERT INTO chat.channel (owner_id, name, user_limit, kind, pair_low, pair_high) VALUES ($1, '', 2, 'direct', $2, $3)
ON CONFLICT (pair_low, pair_high) WHERE kind = 'direct' AND deleted_at IS NULL DO NOTHING RETURNING id;
