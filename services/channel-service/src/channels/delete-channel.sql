-- Marks channel $1 as deleted, removes its seats and clears its owner. Run after lock-channel.
WITH gone AS (UPDATE chat.channel SET deleted_at = now(), updated_at = now() WHERE id = $1),
  seats AS (DELETE FROM chat.seat WHERE channel_id = $1)
UPDATE chat.channel_head SET boot_id = NULL, epoch = epoch + 1 WHERE channel_id = $1;
