-- Blocks a user, and deletes that user's offers to the caller. Run after lockUser. Returns no row
-- if the user has blocked the maximum number of users.
-- name: addBlock
WITH offers AS (DELETE FROM chat.offer WHERE user_id = :userId AND offered_by = :blockedId)
INSERT INTO chat.block (user_id, blocked_id) SELECT :userId::varchar, :blockedId::varchar
WHERE (SELECT count(*) FROM chat.block b WHERE b.user_id = :userId::varchar) < :maxBlocks
RETURNING blocked_id;

-- name: removeBlock
DELETE FROM chat.block WHERE user_id = :userId AND blocked_id = :blockedId;

-- Reads a page of the users whom a user has blocked, by id. A user whose profile the reader may not
-- see has only an id.
-- name: listBlocked
SELECT u.id, CASE WHEN v.visible THEN u.name ELSE u.id END AS name, CASE WHEN v.visible THEN u.number ELSE 0 END AS number
FROM chat.block b JOIN chat.users u ON u.id = b.blocked_id
CROSS JOIN LATERAL (SELECT chat.sees(:userId, :userRole, u.id, u.status, u.visibility) AS visible OFFSET 0) v
WHERE b.user_id = :userId AND b.blocked_id > :afterId ORDER BY b.blocked_id LIMIT :size;
