-- $1 user.
SELECT password_hash FROM chat.users WHERE id = $1;
