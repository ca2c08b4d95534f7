-- Reads the settings of a channel and the memberships of connected users: $1 channel, $2 their ids.
-- No row if the channel does not exist.
SELECT h.roster, c.owner_id, c.slow_mode_s, (
  SELECT coalesce(json_agg(json_build_object('user_id', m.user_id, 'role', m.role, 'left_seq', m.left_seq,
    'banned', coalesce(m.banned_until > now(), false),
    'muted_until_ms', coalesce(floor(extract(epoch FROM CASE WHEN m.muted_until = 'infinity' THEN '9999-01-01' ELSE m.muted_until END) * 1000)::bigint, 0))), '[]')
  FROM chat.member m WHERE m.channel_id = $1 AND m.user_id = ANY ($2::varchar[])
) AS members
FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id WHERE h.channel_id = $1;
