-- A server says that it cannot look after its channels: $1 its boot id. What it had can be placed elsewhere at once.
UPDATE chat.server SET lease_until = least(lease_until, now()) WHERE boot_id = $1;
