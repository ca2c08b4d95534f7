-- Finds the user who inherits a channel, who is neither a bot nor banned. Active users come before
-- suspended ones, then admins before members, then earlier members before later ones. Run after
-- lockChannel.
-- name: findHeir
SELECT u.id FROM chat.member m JOIN chat.users u ON u.id = m.user_id
WHERE m.channel_id = :channelId AND m.left_seq IS NULL AND m.user_id <> :userId AND u.status <> 'deleted'
  AND NOT u.bot AND coalesce(m.banned_until <= statement_timestamp(), true)
ORDER BY u.status <> 'active', m.role <> 'admin', m.joined_at, u.id LIMIT 1;

-- Makes a user the owner of a channel, even if they already own the maximum number of channels, and
-- ends their mute. Run after lockChannel.
-- name: inherit
WITH voice AS (UPDATE chat.member SET muted_until = NULL WHERE channel_id = :channelId AND user_id = :heirId AND muted_until IS NOT NULL)
UPDATE chat.channel SET owner_id = :heirId, updated_at = now() WHERE id = :channelId;

-- Marks a channel as deleted, removes its seats and notifications, and ends the ownership of its
-- chat server. Run after lockChannel.
-- name: deleteChannel
WITH gone AS (UPDATE chat.channel SET deleted_at = now(), updated_at = now() WHERE id = :channelId),
  seats AS (DELETE FROM chat.seat WHERE channel_id = :channelId),
  notices AS (DELETE FROM chat.notification WHERE channel_id = :channelId)
UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1 WHERE channel_id = :channelId;
