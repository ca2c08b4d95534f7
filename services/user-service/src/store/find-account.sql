-- Who logs in: $1 a user id or an e-mail address; the one has no '@', the other has. Folded, as both are unique.
SELECT id, password_hash FROM chat.users WHERE lower(id) = lower($1)
UNION ALL
SELECT id, password_hash FROM chat.users WHERE email IS NOT NULL AND lower(email) = lower($1);
