-- Reads the memberships of users in a channel. $1 channel, $2 users. Run after lock-channel.
-- `known`: has a row, if only for a mute or a ban. `belonged`: is or was a member. (Only the row of
-- a user who never was a member has left_seq = 0 without left_by_choice.)
SELECT w.user_id, m.role, m.user_id IS NOT NULL AS known, m.user_id IS NOT NULL AND m.left_seq IS NULL AS inside,
  m.user_id IS NOT NULL AND (m.left_seq IS NULL OR m.left_seq > 0 OR m.left_by_choice) AS belonged,
  coalesce(m.left_by_choice, false) AS left_by_choice, coalesce(m.banned_until > statement_timestamp(), false) AS banned,
  o.role AS offered, o.offered_by
FROM unnest($2::varchar[]) AS w (user_id)
LEFT JOIN chat.member m ON m.channel_id = $1 AND m.user_id = w.user_id
LEFT JOIN chat.offer o ON o.channel_id = $1 AND o.user_id = w.user_id AND o.lapses_at > statement_timestamp();
