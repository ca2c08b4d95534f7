-- Servers at one address whose leases have not lapsed yet, apart from this one: $1 its boot id, $2 the internal address.
SELECT boot_id FROM chat.server WHERE internal_addr = $2 AND boot_id <> $1 AND state <> 'stopped' AND lease_until > now();
