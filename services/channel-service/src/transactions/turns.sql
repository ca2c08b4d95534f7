-- Takes or renews the turn at some work. Returns no row if another manager has the turn. Ignores a
-- lease that ends later than `leaseMs` from now, because it was written before the clock was set
-- back.
-- name: keepTurn
UPDATE chat.upkeep_turn SET holder = :holder, held_until = clock_timestamp() + :leaseMs * interval '1 ms'
WHERE name = :work AND (holder = :holder OR held_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + :leaseMs * interval '1 ms')
RETURNING name;

-- Ends a turn.
-- name: endTurn
UPDATE chat.upkeep_turn SET held_until = '-infinity' WHERE name = :work AND holder = :holder;
