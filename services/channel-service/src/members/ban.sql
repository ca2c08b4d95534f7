-- Sets a ban. $1 channel, $2 user, $3 end of the ban in Unix ms (0 lifts it). A non-member gets a
-- row with left_seq = 0, which grants no access.
INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until)
VALUES ($1, $2, 0, 0, to_timestamp(nullif($3::float8, 0) / 1000))
ON CONFLICT (channel_id, user_id) DO UPDATE SET banned_until = excluded.banned_until;
