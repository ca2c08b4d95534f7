-- The first report of a server: whoever had its name and its internal address before cannot be there any more, and its lease ends now.
-- One that is there all the same has it back with its next report. $1 boot id, $2 name, $3 internal addr.
UPDATE chat.server SET lease_until = now() WHERE boot_id <> $1 AND name = $2 AND internal_addr = $3 AND lease_until > now();
