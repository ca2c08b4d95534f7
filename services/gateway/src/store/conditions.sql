-- Makes transactions that change a resource on a condition take turns. Holds the lock until the end
-- of the transaction.
-- name: lockResource
SELECT chat.lock_resource(:resource)::text AS locked;
