-- $1 this server's boot id: every channel it owns, by which epoch, and where its log and its roster are.
SELECT channel_id, epoch, last_seq, roster FROM chat.channel_head WHERE boot_id = $1;
