-- How the passwords of all accounts were hashed.
SELECT DISTINCT left(password_hash, 9) AS prefix FROM chat.users WHERE password_hash LIKE '$%';
