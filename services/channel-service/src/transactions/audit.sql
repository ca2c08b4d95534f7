-- Adds an audit line. $1 actor, $2 action, $3 target, $4 details as JSON.
INSERT INTO chat.audit (actor, action, target, detail) VALUES ($1, $2, $3, $4);
