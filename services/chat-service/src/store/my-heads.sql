-- Reads the heads of all channels that this server owns: $1 its instance id.
SELECT channel_id, epoch, first_seq, last_seq, roster, stored_bytes, stored_rows FROM chat.channel_head WHERE boot_id = $1;
