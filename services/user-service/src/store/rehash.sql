-- Replaces the hash of an unchanged password. $1 user, $2 old hash, $3 new hash.
UPDATE chat.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2;
