-- name: grantAdministrator
SELECT chat.set_user('(database)', :userId, 'admin', 'active') AS outcome;

-- name: declareRestored
SELECT chat.restored() AS channels;

-- Notes the current timeline, so that a promotion gives no channel a new log. Returns NULL on a
-- standby, and true if Parley has followed the promotion already.
-- name: declarePromoted
WITH before AS MATERIALIZED (SELECT is_followed FROM chat.current_timeline()),
  noted AS MATERIALIZED (SELECT chat.note_timeline() FROM before WHERE NOT is_followed)
SELECT before.is_followed FROM before LEFT JOIN noted ON true;
