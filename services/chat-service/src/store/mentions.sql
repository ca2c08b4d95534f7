-- Returns the positions, from 0, of the pairs of channel and user in which the user does not belong
-- to the channel. A user belongs to a room while they are in it or have a message that is still
-- stored there, and to any other channel as a member. A user who has left a direct chat still
-- belongs to it. Each condition is one index probe. The ORDER BY makes PostgreSQL use the index of
-- messages, however many it expects.
-- name: findOutsiders
SELECT (p.n - 1)::int AS position
FROM unnest(:channelIds::int[], :userIds::varchar[]) WITH ORDINALITY AS p (channel_id, user_id, n)
JOIN chat.channel c ON c.id = p.channel_id
WHERE NOT CASE WHEN c.kind = 'room'
  THEN EXISTS (SELECT FROM chat.seat s WHERE s.channel_id = p.channel_id AND s.user_id = p.user_id AND s.live)
    OR (SELECT m.client_id FROM chat.message m WHERE m.channel_id = p.channel_id AND m.sender_id = p.user_id ORDER BY m.client_id LIMIT 1) IS NOT NULL
  ELSE EXISTS (
    SELECT FROM chat.member m
    WHERE m.channel_id = p.channel_id AND m.user_id = p.user_id AND (m.left_seq IS NULL OR c.kind = 'direct'))
  END;
