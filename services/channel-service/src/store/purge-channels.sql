-- Channels that were deleted a day ago and whose entries are gone, with heads, members and whatever else is theirs: $1 how many of them.
DELETE FROM chat.channel WHERE id IN (
  SELECT c.id FROM chat.channel c WHERE c.deleted_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM chat.message m WHERE m.channel_id = c.id) LIMIT $1
);
