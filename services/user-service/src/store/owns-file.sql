-- $1 user, $2 a file: whether it is whole and the user's own.
SELECT FROM chat.file WHERE id = $2 AND owner_id = $1 AND complete;
