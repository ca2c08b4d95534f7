-- Finds holds that were released at least a minute ago. By then, every change that copied a message
-- for them has ended.
-- name: findReleasedHolds
SELECT id FROM chat.hold WHERE released_at < now() - interval '1 minute' ORDER BY id LIMIT :maxHolds;

-- Deletes those of the next copies that no hold covers any more. Returns the id of the last copy
-- that it looked at, or NULL if there are no more.
-- name: deleteReleased
WITH page AS (
  SELECT id, channel_id, sender_id FROM chat.kept_message WHERE id > :afterId ORDER BY id LIMIT :size
), gone AS (
  DELETE FROM chat.kept_message k USING page WHERE k.id = page.id AND NOT chat.is_held(page.channel_id, page.sender_id)
)
SELECT max(id) AS last_id FROM page;

-- name: deleteHolds
DELETE FROM chat.hold WHERE id = ANY (:ids::int[]);
