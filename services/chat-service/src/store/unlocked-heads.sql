-- Returns those of these channels whose head is not locked.
SELECT channel_id FROM chat.channel_head WHERE channel_id = ANY ($1::int[]) FOR NO KEY UPDATE SKIP LOCKED;
