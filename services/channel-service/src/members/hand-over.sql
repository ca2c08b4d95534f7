-- Transfers ownership. $1 channel, $2 new owner, $3 maximum number of channels per user. Run after
-- lock-channel and lock-user. Returns no row if the user has reached the maximum.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND role = 'owner')
UPDATE chat.channel SET owner_id = $2, updated_at = now()
WHERE id = $1 AND (SELECT count(*) FROM chat.channel WHERE owner_id = $2 AND deleted_at IS NULL AND kind <> 'direct') < $3
RETURNING id;
