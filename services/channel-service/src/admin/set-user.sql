-- Sets an account's role and status. $1 acting administrator, $2 user, $3 role and $4 status (each
-- NULL: unchanged). Returns `done` or the refusal reason.
SELECT chat.set_user($1, $2, $3, $4) AS outcome;
