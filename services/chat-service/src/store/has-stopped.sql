-- Returns true if this server's row says that it has stopped, so that managers send nobody here: $1
-- its instance id.
SELECT state = 'stopped' AS stopped FROM chat.server WHERE boot_id = $1;
