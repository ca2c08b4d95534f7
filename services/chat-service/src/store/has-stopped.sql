-- $1 this server's boot id. True: somebody has written that it stopped, so nobody is sent here any
-- more.
SELECT state = 'stopped' AS stopped FROM chat.server WHERE boot_id = $1;
