-- $1 the user.
SELECT id, name, number, role, status FROM chat.users WHERE id = $1 AND status <> 'deleted';
