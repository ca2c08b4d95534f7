-- $1 the channel, $2 the user, $3 until when in Unix ms (0: not any more). Who was never in gets a row that is no member and may read nothing.
INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, muted_until)
VALUES ($1, $2, 0, 0, to_timestamp(nullif($3::float8, 0) / 1000))
ON CONFLICT (channel_id, user_id) DO UPDATE SET muted_until = excluded.muted_until;
