-- $1 the channel, $2 its new owner, $3 how many channels one user may own. After lock-channel and lock-user. No row: the user has that many.
WITH over AS (DELETE FROM chat.offer WHERE channel_id = $1 AND role = 'owner')
UPDATE chat.channel SET owner_id = $2, updated_at = now()
WHERE id = $1 AND (SELECT count(*) FROM chat.channel WHERE owner_id = $2 AND deleted_at IS NULL AND kind <> 'direct') < $3
RETURNING id;
