-- name: grantAdministrator
SELECT chat.set_user('(database)', :userId, 'admin', 'active') AS outcome;

-- name: declareRestored
SELECT chat.restored() AS channels;
