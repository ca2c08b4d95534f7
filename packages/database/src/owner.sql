-- name: grantAdministrator
SELECT chat.set_user('(database)', :userId, 'admin', 'active') AS outcome;

-- Deletes all events. Their order comes from transaction ids, and transaction ids of another
-- cluster say nothing about the order in this one.
-- name: forgetEvents
DELETE FROM chat.event;

-- name: declareRestored
SELECT chat.restored() AS channels;
