-- $1 the user, in capital letters or not.
SELECT id, name, number, role, status FROM chat.users WHERE lower(id) = lower($1) AND status <> 'deleted';
