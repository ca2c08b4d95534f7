-- $1 who did $2 to $3, with $4 more about it.
INSERT INTO chat.audit (actor, action, target, detail) VALUES ($1, $2, $3, $4);
