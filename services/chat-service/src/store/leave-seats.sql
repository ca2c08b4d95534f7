-- Deletes seats whose stream has ended: $1 their ids. Locks them in one order, so that two such
-- statements cannot deadlock.
DELETE FROM chat.seat WHERE id IN (SELECT id FROM chat.seat WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE);
