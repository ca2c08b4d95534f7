-- Stores a report of a user, or of a message with a copy of it (channel 0 or seq 0: no message).
-- Does nothing if the reporter has an open report of the same target. `is_left`: whether the
-- reporter had fewer than `maxOpen` open reports.
-- name: addReport
WITH room AS (SELECT count(*) < :maxOpen AS is_left FROM chat.abuse_report r WHERE r.by_id = :byId::varchar AND r.resolved_at IS NULL), added AS (
  INSERT INTO chat.abuse_report (by_id, user_id, channel_id, seq, reason, content_type, data, log_id)
  SELECT :byId::varchar, :userId::varchar, :channelId::int, :seq::bigint, :reason, :contentType, :data, coalesce(h.log_id, '00000000-0000-0000-0000-000000000000')
  FROM room LEFT JOIN chat.channel_head h ON h.channel_id = :channelId::int AND :seq::bigint > 0 WHERE room.is_left
  ON CONFLICT (by_id, user_id, channel_id, log_id, seq) WHERE resolved_at IS NULL DO NOTHING
)
SELECT is_left FROM room;
