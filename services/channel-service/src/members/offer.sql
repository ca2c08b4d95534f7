-- Offers a role in a channel to a user. $1 channel, $2 user, $3 role, $4 offerer, $5 maximum number
-- of offers per user, $6 maximum number of those from one offerer.
-- Run after lock-channel. Ownership is offered to one user at a time. Returns no row if the user
-- has reached a maximum.
WITH before AS (DELETE FROM chat.offer WHERE channel_id = $1 AND role = 'owner' AND $3 = 'owner' AND user_id <> $2)
INSERT INTO chat.offer (channel_id, user_id, role, offered_by) SELECT $1, $2::varchar, $3, $4::varchar
WHERE (SELECT count(*) FROM chat.offer o WHERE o.user_id = $2::varchar AND o.channel_id <> $1 AND o.lapses_at > now()) < $5
  AND (SELECT count(*) FROM chat.offer o
    WHERE o.user_id = $2::varchar AND o.channel_id <> $1 AND o.offered_by = $4::varchar AND o.lapses_at > now()) < $6
ON CONFLICT (channel_id, user_id) DO UPDATE SET role = excluded.role, offered_by = excluded.offered_by, lapses_at = excluded.lapses_at
RETURNING role;
