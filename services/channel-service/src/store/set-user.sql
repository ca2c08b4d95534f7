-- $1 by whom, $2 the user, $3 role and $4 status (each NULL: as it is). `done`, or the reason why not.
SELECT chat.set_user($1, $2, $3, $4) AS outcome;
