-- One thing at a time for this user until the transaction ends: $1 the user. What is counted is counted by the next statement.
SELECT id, created_at > now() - interval '1 day' AS is_new FROM chat.users WHERE id = $1 FOR NO KEY UPDATE;
