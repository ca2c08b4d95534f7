-- $1 seats whose stream has ended.
DELETE FROM chat.seat WHERE id = ANY ($1::uuid[]);
