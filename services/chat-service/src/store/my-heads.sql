-- $1 this server's boot id: every channel it owns, by which epoch, and where its log begins and
-- ends which roster it has and how much is stored.
SELECT channel_id, epoch, first_seq, last_seq, roster, stored_bytes, stored_rows FROM chat.channel_head WHERE boot_id = $1;
