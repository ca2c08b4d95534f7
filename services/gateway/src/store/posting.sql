-- Reads what decides whether a user may have a channel placed: its kind, and whether the user is or
-- was a member.
-- name: readTarget
SELECT c.kind, c.deleted_at IS NOT NULL AS is_deleted, c.retention_seconds IS DISTINCT FROM 0 AS has_history,
  m.user_id IS NOT NULL AS is_known
FROM chat.channel c
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = :userId AND m.left_seq IS DISTINCT FROM 0
WHERE c.id = :channelId;

-- Moves receipts of chats with history forward. A log of '' is the present one. Returns the members
-- whose receipts have moved, and whether others in the chat may see them.
-- name: saveReceipts
WITH due AS (
  SELECT i.channel_id, coalesce(nullif(i.log, '')::uuid, h.log_id) AS log_id, i.user_id, i.delivered, i.read
  FROM unnest(:channelIds::int[], :logs::text[], :userIds::varchar[], :deliveredSeqs::bigint[], :readSeqs::bigint[]) AS i (channel_id, log, user_id, delivered, read)
  CROSS JOIN LATERAL (SELECT x.log_id FROM chat.channel_head x WHERE x.channel_id = i.channel_id LIMIT 1) h
  CROSS JOIN LATERAL (
    SELECT FROM chat.channel x WHERE x.id = i.channel_id AND x.kind <> 'room' AND x.retention_seconds IS DISTINCT FROM 0 LIMIT 1
  ) c
)
SELECT s.channel_id, s.user_id, s.delivered_seq, s.read_seq, s.told, d.log_id::text AS log FROM chat.save_receipts(
  ARRAY(SELECT channel_id FROM due), ARRAY(SELECT log_id FROM due), ARRAY(SELECT user_id FROM due),
  ARRAY(SELECT delivered FROM due), ARRAY(SELECT read FROM due), :mostTold::int
) s JOIN due d ON d.channel_id = s.channel_id AND d.user_id = s.user_id;
