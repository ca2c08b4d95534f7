-- Adds a reaction, unless the message is deleted: $1 channel, $2 target, $3 user, $4 emoji.
INSERT INTO chat.reaction (channel_id, seq, user_id, emoji)
SELECT $1::int, $2::bigint, $3::varchar, $4::varchar WHERE EXISTS (SELECT FROM chat.message WHERE channel_id = $1 AND seq = $2 AND deleted_at IS NULL)
ON CONFLICT DO NOTHING;
