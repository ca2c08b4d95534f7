-- Reserves a user's seat in a room, replacing the user's seat in any other room. $1 seat, $2
-- channel, $3 user, $4 boot_id and $5 epoch of the owner, $6 session, $7 seats of the room, $8
-- seconds to join. Run after lock-channel. Returns no row if the room is full.
-- Counts only seats of the current ownership, because no other can be taken. A reservation counts 5
-- s longer than it can be used, to cover a statement that is taking it. The conditions are in the
-- FILTER so that the planner does not choose another index.
WITH old AS (
  SELECT x.id, s.boot_id, s.internal_addr FROM chat.seat x
  JOIN chat.server s ON s.boot_id = x.boot_id AND s.lease_until > statement_timestamp() WHERE x.user_id = $3::varchar AND x.exclusive
)
INSERT INTO chat.seat AS t (id, channel_id, user_id, boot_id, epoch, session_id, exclusive, join_by)
SELECT $1::uuid, $2::int, $3::varchar, $4::uuid, $5::bigint, $6::uuid, true, statement_timestamp() + make_interval(secs => $8)
WHERE (
  SELECT count(DISTINCT x.user_id) FILTER (WHERE x.boot_id = $4::uuid AND x.epoch = $5::bigint
    AND (x.live OR x.join_by > statement_timestamp() - interval '5 s'))
  FROM chat.seat x WHERE x.channel_id = $2::int AND x.user_id <> $3::varchar
) < $7
ON CONFLICT (user_id) WHERE exclusive DO UPDATE SET id = excluded.id, channel_id = excluded.channel_id,
  boot_id = excluded.boot_id, epoch = excluded.epoch, session_id = excluded.session_id, live = false,
  join_by = excluded.join_by, created_at = statement_timestamp()
RETURNING t.join_by, (SELECT to_json(old) FROM old) AS replaced;
