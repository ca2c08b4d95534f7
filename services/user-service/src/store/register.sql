-- Creates an account. $1 id, $2 name, $3 password hash, $4 email or NULL.
INSERT INTO chat.users (id, name, password_hash, email) VALUES ($1, $2, $3, $4);
