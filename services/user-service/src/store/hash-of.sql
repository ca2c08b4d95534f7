-- Reads the password hash of user $1.
SELECT password_hash FROM chat.users WHERE id = $1;
