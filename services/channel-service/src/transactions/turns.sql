-- Takes the turn at some work, or keeps it. No row if another manager has it. A lease that ends
-- later than possible was written before the clock was set back.
-- name: keepTurn
UPDATE chat.upkeep_turn SET holder = :holder, held_until = clock_timestamp() + :leaseMs * interval '1 ms'
WHERE name = :work AND (holder = :holder OR held_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + :leaseMs * interval '1 ms')
RETURNING name;

-- Ends a turn.
-- name: endTurn
UPDATE chat.upkeep_turn SET held_until = '-infinity' WHERE name = :work AND holder = :holder;
