-- From here on nothing is placed with this server, and no report of it undoes that: $1 its boot id. No row: it does not live.
UPDATE chat.server SET state = 'draining' WHERE boot_id = $1 AND state <> 'stopped' AND lease_until > now()
RETURNING boot_id, internal_addr, name;
