-- Returns a row if file $2 is complete and belongs to user $1.
SELECT FROM chat.file WHERE id = $2 AND owner_id = $1 AND complete;
