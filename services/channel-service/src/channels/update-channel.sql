-- Updates a channel; NULL leaves a field unchanged. $1 channel, $2 name, $3 description, $4 limit,
-- $5 slow mode in seconds, $6 metadata, $7 kind, $8 whether retention changes to $9 seconds (NULL:
-- unlimited) and $10 entries (NULL: unlimited). Run after lock-channel.
UPDATE chat.channel SET name = coalesce($2, name), description = coalesce($3, description), user_limit = coalesce($4, user_limit),
  slow_mode_s = coalesce($5, slow_mode_s), metadata = coalesce($6::json, metadata), kind = coalesce($7::chat.channel_kind, kind),
  retention_seconds = CASE WHEN $8 THEN $9::int ELSE retention_seconds END, retention_count = CASE WHEN $8 THEN $10::int ELSE retention_count END,
  updated_at = now()
WHERE id = $1;
