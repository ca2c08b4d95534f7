-- A room that keeps nothing: $1 its owner, $2 name, $3 seats, $4 description, $5 how many channels one user may own.
-- After lock-user. No row: the owner has that many.
INSERT INTO chat.channel (owner_id, name, user_limit, description, kind, keep_seconds)
SELECT $1::varchar, $2, $3, $4, 'room', 0
WHERE (SELECT count(*) FROM chat.channel WHERE owner_id = $1::varchar AND deleted_at IS NULL) < $5
RETURNING id;
