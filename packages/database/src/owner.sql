-- name: grantAdministrator
SELECT chat.set_user('(database)', :userId, 'admin', 'active') AS outcome;

-- Transaction ids of another cluster say nothing about the order of events in this one.
-- name: forgetEvents
DELETE FROM chat.event;

-- name: declareRestored
SELECT chat.restored() AS channels;
