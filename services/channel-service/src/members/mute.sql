-- Sets a mute. $1 channel, $2 user, $3 end of the mute in Unix ms (0 lifts it). A non-member gets a
-- row that grants no access.
INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, muted_until)
VALUES ($1, $2, 0, 0, to_timestamp(nullif($3::float8, 0) / 1000))
ON CONFLICT (channel_id, user_id) DO UPDATE SET muted_until = excluded.muted_until;
