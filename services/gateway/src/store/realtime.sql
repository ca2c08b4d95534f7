-- Reads rooms in which a user has not acknowledged everything that others wrote, by id. Also reads
-- rooms from which the user was removed, up to the removal. `after_seq` is the last acknowledged
-- seq, or the last one from before the user joined. Looks at the next `lookedAt` entries of each
-- room: if they are all of the user or no messages, and more entries follow, the room counts too.
-- name: findUndelivered
SELECT m.channel_id, h.log_id::text AS log, m.after_seq, least(m.left_seq, h.last_seq) AS until_seq, m.left_seq IS NOT NULL AS is_former
FROM (
  SELECT stay.channel_id, greatest(stay.delivered_seq, stay.joined_seq) AS after_seq, stay.left_seq FROM (
    SELECT x.channel_id, x.delivered_seq, x.joined_seq, x.left_seq FROM chat.member x WHERE x.user_id = :userId AND x.left_seq IS NULL
    UNION ALL
    SELECT x.channel_id, x.delivered_seq, x.joined_seq, x.left_seq FROM chat.member x
    WHERE x.user_id = :userId AND x.left_seq > 0 AND x.left_seq > x.delivered_seq AND NOT x.left_by_choice
  ) stay
  WHERE stay.channel_id > :afterId::int ORDER BY stay.channel_id
) m
CROSS JOIN LATERAL (
  SELECT FROM chat.channel x
  WHERE x.id = m.channel_id AND x.kind <> 'room' AND x.deleted_at IS NULL AND x.retention_seconds IS DISTINCT FROM 0 LIMIT 1
) c
CROSS JOIN LATERAL (SELECT x.log_id, x.last_seq, x.first_seq FROM chat.channel_head x WHERE x.channel_id = m.channel_id LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT count(*) AS entries, coalesce(bool_or(y.kind = 0 AND y.deleted_at IS NULL AND y.sender_id <> :userId), false) AS is_addressed FROM (
    SELECT x.kind, x.deleted_at, x.sender_id FROM chat.message x
    WHERE x.channel_id = m.channel_id AND x.seq > m.after_seq AND x.seq <= least(m.left_seq, h.last_seq) AND x.seq >= h.first_seq
    ORDER BY x.seq LIMIT :lookedAt
  ) y
) n
WHERE n.is_addressed OR n.entries = :lookedAt
ORDER BY m.channel_id LIMIT :size;
