-- name: grantAdministrator
SELECT chat.set_user('(database)', :userId, 'admin', 'active') AS outcome;

-- Deletes all events. Their order comes from transaction ids, and transaction ids of another
-- cluster say nothing about the order in this one.
-- name: forgetEvents
DELETE FROM chat.event;

-- Inserts an event that looks old enough for earlier ones to have been deleted. So no inbox resumes
-- from a position before the restore, even if the database server was not restarted. The purge keeps
-- this event until a later one is as old.
-- name: markLostEvents
INSERT INTO chat.event (kind, at) VALUES ('restored', now() - interval '2 days');

-- name: declareRestored
SELECT chat.restored() AS channels;
