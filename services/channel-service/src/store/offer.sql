-- Offers a role in a channel to somebody: $1 the channel, $2 the user, $3 the role, $4 by whom, $5 how many offers one user may have,
-- $6 how many of them from one offerer.
-- After lock-channel. An owner offers a channel to one person at a time. No row: the user has that many.
WITH before AS (DELETE FROM chat.offer WHERE channel_id = $1 AND role = 'owner' AND $3 = 'owner' AND user_id <> $2)
INSERT INTO chat.offer (channel_id, user_id, role, offered_by) SELECT $1, $2::varchar, $3, $4::varchar
WHERE (SELECT count(*) FROM chat.offer o WHERE o.user_id = $2::varchar AND o.channel_id <> $1 AND o.lapses_at > now()) < $5
  AND (SELECT count(*) FROM chat.offer o
    WHERE o.user_id = $2::varchar AND o.channel_id <> $1 AND o.offered_by = $4::varchar AND o.lapses_at > now()) < $6
ON CONFLICT (channel_id, user_id) DO UPDATE SET role = excluded.role, offered_by = excluded.offered_by, lapses_at = excluded.lapses_at
RETURNING role;
