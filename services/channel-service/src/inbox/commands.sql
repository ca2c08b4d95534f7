-- Reads a page of the commands of the active bots that are members of a channel, by name and then
-- by bot.
-- name: listCommands
SELECT k.name, k.description, k.bot_id, u.name AS bot_name
FROM chat.member m JOIN chat.bot_command k ON k.bot_id = m.user_id JOIN chat.users u ON u.id = m.user_id
WHERE m.channel_id = :channelId AND m.left_seq IS NULL AND u.status = 'active' AND (k.name, k.bot_id) > (:afterName, :afterBot)
ORDER BY k.name, k.bot_id LIMIT :size;
