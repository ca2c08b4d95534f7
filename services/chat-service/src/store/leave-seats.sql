-- $1 seats whose stream has ended. Locked in one order, so that two of these never wait for each
-- other.
DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE);
