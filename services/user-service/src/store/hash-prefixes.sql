-- Reads the distinct hash schemes and costs of all accounts.
SELECT DISTINCT left(password_hash, 9) AS prefix FROM chat.users WHERE password_hash LIKE '$%';
