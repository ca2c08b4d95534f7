-- Returns a row if channel $1 exists and user $2 may see it.
SELECT c.id FROM chat.channel c
WHERE c.id = $1 AND c.deleted_at IS NULL AND (c.kind IN ('room', 'public')
  OR EXISTS (SELECT FROM chat.member m WHERE m.channel_id = c.id AND m.user_id = $2 AND m.left_seq IS NULL)
  OR EXISTS (SELECT FROM chat.offer o WHERE o.channel_id = c.id AND o.user_id = $2 AND o.lapses_at > now()));
