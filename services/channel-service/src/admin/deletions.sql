-- Blanks an account and ends its sessions. Returns `done` or the refusal reason.
-- name: deleteUser
SELECT chat.delete_user(:actorId, :userId, :purge) AS outcome;

-- Finds the deletions whose next pass is due. A deletion has two passes: the first at once, and the
-- last a minute later, when every write that began before the deletion has ended. An interrupted
-- pass (`after_channel` > 0) continues.
-- name: findDeletions
SELECT user_id, purge, after_channel FROM chat.deletion
WHERE pass_at IS NULL OR after_channel > 0 OR started_at < now() - interval '1 minute' ORDER BY started_at, user_id LIMIT :size;

-- name: beginPass
UPDATE chat.deletion SET pass_at = now() WHERE user_id = :userId AND after_channel = 0;

-- name: savePass
UPDATE chat.deletion SET after_channel = :afterChannel WHERE user_id = :userId;

-- Ends a pass. Also ends the deletion if the pass began more than a minute after the deletion was
-- requested.
-- name: endPass
WITH over AS (DELETE FROM chat.deletion WHERE user_id = :userId AND pass_at > started_at + interval '1 minute')
UPDATE chat.deletion SET after_channel = 0 WHERE user_id = :userId AND pass_at <= started_at + interval '1 minute';

-- Returns whether the accounts of both users of a direct chat have ended.
-- name: isPairGone
SELECT count(*) = 0 AS is_gone FROM chat.channel c JOIN chat.users u ON u.id IN (c.pair_low, c.pair_high)
WHERE c.id = :channelId AND u.status <> 'deleted';

-- Finds channels that the user belongs to or owns.
-- name: findChannelsOf
SELECT c.id FROM (
  SELECT m.channel_id AS id FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL
  UNION SELECT o.id FROM chat.channel o WHERE o.owner_id = :userId AND o.kind <> 'direct'
) mine JOIN chat.channel c ON c.id = mine.id WHERE c.deleted_at IS NULL ORDER BY c.id LIMIT :size;

-- Reads the next channels by id. `has_text`: whether the user has a message in the channel that is
-- not deleted.
-- name: findChannelsToPurge
SELECT h.channel_id AS id, (
  SELECT m.client_id FROM chat.message m WHERE m.channel_id = h.channel_id AND m.sender_id = :userId AND m.kind IN :SPEECH_KINDS AND m.deleted_at IS NULL
    AND m.seq >= h.first_seq ORDER BY m.client_id LIMIT 1
) IS NOT NULL AS has_text
FROM chat.channel_head h WHERE h.channel_id > :afterChannel ORDER BY h.channel_id LIMIT :size;

-- Deletes the next messages of the user in a channel, in the order of their client ids. Returns the
-- last client id, or NULL if there were none.
-- name: purgeMessages
SELECT chat.purge_messages(:channelId, :userId, :afterId, :size) AS last_id;
