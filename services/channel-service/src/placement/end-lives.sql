-- Ends the leases of servers that died without a goodbye. $1 boot_ids.
UPDATE chat.server SET lease_until = least(lease_until, now()) WHERE boot_id = ANY ($1::uuid[]);
