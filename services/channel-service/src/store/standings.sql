-- What some users are in a channel: $1 the channel, $2 the users. After lock-channel.
SELECT user_id, role, left_seq IS NULL AS inside, coalesce(banned_until > statement_timestamp(), false) AS banned
FROM chat.member WHERE channel_id = $1 AND user_id = ANY ($2::varchar[]);
