-- Marks a server as draining, so nothing new is placed on it; later reports do not undo that. $1
-- boot_id. Returns no row if the server is not live.
UPDATE chat.server SET state = 'draining' WHERE boot_id = $1 AND state <> 'stopped' AND lease_until > now()
RETURNING boot_id, internal_addr, name;
