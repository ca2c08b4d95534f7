-- Deletes the seats of revoked sessions $1. The reconciler of each chat server ends their streams.
DELETE FROM chat.seat WHERE session_id = ANY ($1::uuid[]);
