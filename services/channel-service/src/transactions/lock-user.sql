-- Locks user $1 until the transaction ends. Count what the lock protects in the next statement.
SELECT id, created_at > now() - interval '1 day' AS is_new FROM chat.users WHERE id = $1 FOR NO KEY UPDATE;
