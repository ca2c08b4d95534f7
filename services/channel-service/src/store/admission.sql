-- What a user is in a channel: $1 the channel, $2 the user. No row: nothing.
SELECT left_seq IS NULL AS member, coalesce(banned_until > statement_timestamp(), false) AS banned
FROM chat.member WHERE channel_id = $1 AND user_id = $2;
