-- Reads the other servers with internal address $2 whose leases are live. $1 boot_id to leave out.
SELECT boot_id FROM chat.server WHERE internal_addr = $2 AND boot_id <> $1 AND state <> 'stopped' AND lease_until > now();
