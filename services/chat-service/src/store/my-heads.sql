-- $1 this server's boot id: every channel it owns, and by which epoch.
SELECT channel_id, epoch FROM chat.channel_head WHERE boot_id = $1;
