-- The same password, hashed anew: $1 user, $2 the old hash, $3 the new one.
UPDATE chat.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2;
