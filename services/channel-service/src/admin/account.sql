-- Reads an account that is not deleted. $1 user id, in any case.
SELECT id, name, number, role, status FROM chat.users WHERE lower(id) = lower($1) AND status <> 'deleted';
