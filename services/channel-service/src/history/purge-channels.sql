-- Deletes channels that were deleted at least a day ago and have no entries left, with their heads,
-- members and other rows. $1 maximum number of channels.
DELETE FROM chat.channel WHERE id IN (
  SELECT c.id FROM chat.channel c WHERE c.deleted_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM chat.message m WHERE m.channel_id = c.id) LIMIT $1
);
