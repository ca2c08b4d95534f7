-- Who logs in: $1 a user id, in any case.
SELECT id, password_hash, status FROM chat.users WHERE lower(id) = lower($1);
