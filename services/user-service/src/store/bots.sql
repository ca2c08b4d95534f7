-- Creates a bot with its session, if the actor may do so. Returns `done` or the refusal reason.
-- name: createBot
SELECT chat.create_bot(:actorId, :botId, :name, :channelId, :tokenHash, :most) AS outcome;

-- Ends a bot, if the actor may do so. Returns `done` or the refusal reason.
-- name: revokeBot
SELECT chat.revoke_bot(:actorId, :botId) AS outcome;

-- Replaces the commands of a bot, if the actor may do so. Returns `done` or the refusal reason.
-- name: setBotCommands
SELECT chat.set_bot_commands(:actorId, :botId, :names, :descriptions) AS outcome;

-- Tests whether a user may manage the bots of a channel (NULL: all bots). Returns `done` or the
-- refusal reason.
-- name: managesBots
SELECT chat.manages_bots(:actorId, :channelId) AS outcome;

-- Reads a page of the bots of a channel (NULL: all bots, incoming webhooks included) that were not
-- revoked, by id.
-- name: listBots
SELECT page.user_id AS key, u.id, u.number, u.name, u.role, u.status, p.about, p.avatar_id, p.last_seen_at, p.online, p.bot,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = :readerId AND k.blocked_id = u.id) AS blocked,
  page.created_by
FROM (
  SELECT b.user_id, b.created_by FROM chat.bot b
  WHERE (:channelId::int IS NULL OR b.channel_id = :channelId) AND b.revoked_at IS NULL AND (:channelId::int IS NULL OR NOT b.is_webhook) AND b.user_id > :afterId
  ORDER BY b.user_id LIMIT :size
) page JOIN chat.users u ON u.id = page.user_id CROSS JOIN LATERAL chat.profile(:readerId, :readerRole, u.id) p
ORDER BY page.user_id;
