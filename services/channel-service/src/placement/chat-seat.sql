-- Reserves another seat for a user in a chat. $1 seat, $2 channel, $3 user, $4 boot_id and $5 epoch
-- of the owner, $6 session, $7 maximum number of seats per user on live servers, $8 seconds to
-- join. Run after lock-user. Returns no row if the user has reached the maximum.
INSERT INTO chat.seat AS t (id, channel_id, user_id, boot_id, epoch, session_id, exclusive, join_by)
SELECT $1::uuid, $2::int, $3::varchar, $4::uuid, $5::bigint, $6::uuid, false, statement_timestamp() + make_interval(secs => $8)
WHERE (
  SELECT count(*) FROM chat.seat x JOIN chat.server s ON s.boot_id = x.boot_id AND s.lease_until > statement_timestamp()
  WHERE x.user_id = $3::varchar AND NOT x.exclusive AND (x.live OR x.join_by > statement_timestamp())
) < $7
RETURNING t.join_by, NULL AS replaced;
