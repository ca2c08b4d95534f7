-- Creates a channel. $1 owner, $2 name, $3 limit, $4 description, $5 kind, $6 retention in seconds
-- (NULL: unlimited), $7 retention in entries (NULL: unlimited), $8 slow mode in seconds, $9 open
-- history, $10 metadata, $11 maximum number of channels per owner. Run after lock-user. Returns no
-- row if the owner has reached the maximum.
INSERT INTO chat.channel (owner_id, name, user_limit, description, kind, retention_seconds, retention_count, slow_mode_s, open_history, metadata)
SELECT $1::varchar, $2, $3, $4, $5::chat.channel_kind, $6, $7, $8, $9, $10::json
WHERE (SELECT count(*) FROM chat.channel WHERE owner_id = $1::varchar AND deleted_at IS NULL AND kind <> 'direct') < $11
RETURNING id;
