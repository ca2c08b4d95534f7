-- $1 this server's boot id: every channel it owns, by which epoch, and where its log begins and ends and which roster it has.
SELECT channel_id, epoch, first_seq, last_seq, roster FROM chat.channel_head WHERE boot_id = $1;
