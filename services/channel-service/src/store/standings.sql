-- What some users are in a channel: $1 the channel, $2 the users. After lock-channel. `known`: has a row, by a mute or a ban too.
-- `belonged`: is a member or was one. (Only the row of somebody who never was one ends at 0 without their choice.)
SELECT w.user_id, m.role, m.user_id IS NOT NULL AS known, m.user_id IS NOT NULL AND m.left_seq IS NULL AS inside,
  m.user_id IS NOT NULL AND (m.left_seq IS NULL OR m.left_seq > 0 OR m.left_by_choice) AS belonged,
  coalesce(m.left_by_choice, false) AS left_by_choice, coalesce(m.banned_until > statement_timestamp(), false) AS banned,
  o.role AS offered, o.offered_by
FROM unnest($2::varchar[]) AS w (user_id)
LEFT JOIN chat.member m ON m.channel_id = $1 AND m.user_id = w.user_id
LEFT JOIN chat.offer o ON o.channel_id = $1 AND o.user_id = w.user_id AND o.lapses_at > statement_timestamp();
