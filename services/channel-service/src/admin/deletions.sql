-- Blanks an account and ends its sessions. Returns `done` or the refusal reason.
-- name: deleteUser
SELECT chat.delete_user(:actorId, :userId, :purge) AS outcome;

-- Finds the deletions that have work to do: the first pass, an interrupted pass, and a last pass
-- after a minute, when every write that began before the deletion has ended.
-- name: findDeletions
SELECT user_id, purge, after_channel FROM chat.deletion
WHERE pass_at IS NULL OR after_channel > 0 OR started_at < now() - interval '1 minute' ORDER BY started_at, user_id LIMIT :size;

-- name: beginPass
UPDATE chat.deletion SET pass_at = now() WHERE user_id = :userId AND after_channel = 0;

-- name: savePass
UPDATE chat.deletion SET after_channel = :afterChannel WHERE user_id = :userId;

-- Ends a pass. Also ends the deletion if the pass began at least a minute after it was requested.
-- name: endPass
WITH over AS (DELETE FROM chat.deletion WHERE user_id = :userId AND pass_at > started_at + interval '1 minute')
UPDATE chat.deletion SET after_channel = 0 WHERE user_id = :userId AND pass_at <= started_at + interval '1 minute';

-- Finds channels that the user belongs to or owns.
-- name: findChannelsOf
SELECT c.id FROM (
  SELECT m.channel_id AS id FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL
  UNION SELECT o.id FROM chat.channel o WHERE o.owner_id = :userId AND o.kind <> 'direct'
) mine JOIN chat.channel c ON c.id = mine.id WHERE c.deleted_at IS NULL ORDER BY c.id LIMIT :size;

-- Finds the user who inherits a channel: the admin, or else the member, who joined first; active users
-- before suspended ones. Run after lockChannel.
-- name: findHeir
SELECT u.id FROM chat.member m JOIN chat.users u ON u.id = m.user_id
WHERE m.channel_id = :channelId AND m.left_seq IS NULL AND m.user_id <> :userId AND u.status <> 'deleted'
ORDER BY u.status <> 'active', m.role <> 'admin', m.joined_at, u.id LIMIT 1;

-- Makes a user the owner, whatever else they own. Run after lockChannel.
-- name: inherit
UPDATE chat.channel SET owner_id = :heirId, updated_at = now() WHERE id = :channelId;

-- Reads the next channels by id, each with whether a message of the user in it still has its text.
-- name: findChannelsToPurge
SELECT h.channel_id AS id, (
  SELECT m.client_id FROM chat.message m WHERE m.channel_id = h.channel_id AND m.sender_id = :userId AND m.kind IN :SPEECH_KINDS AND m.deleted_at IS NULL
    AND m.seq >= h.first_seq ORDER BY m.client_id LIMIT 1
) IS NOT NULL AS has_text
FROM chat.channel_head h WHERE h.channel_id > :afterChannel ORDER BY h.channel_id LIMIT :size;

-- Deletes the next messages of the user in a channel. Returns the last client id, or NULL.
-- name: purgeMessages
SELECT chat.purge_messages(:channelId, :userId, :afterId, :size) AS last_id;
