-- Reads the facts that decide whether users may have channels placed: the kind of each channel, and
-- whether the user is or was a member. `pair` is the number of the pair of a channel and a user: 1,
-- 2, 3, ... LATERAL with LIMIT makes each lookup an index probe.
-- name: readTargets
SELECT pair.number AS pair, c.kind, c.deleted_at IS NOT NULL AS is_deleted, c.retention_seconds IS DISTINCT FROM 0 AS has_history,
  m.user_id IS NOT NULL AS is_known
FROM unnest(:channelIds::int[], :userIds::varchar[]) WITH ORDINALITY AS pair (channel_id, user_id, number)
CROSS JOIN LATERAL (SELECT x.kind, x.deleted_at, x.retention_seconds FROM chat.channel x WHERE x.id = pair.channel_id LIMIT 1) c
LEFT JOIN LATERAL (
  SELECT x.user_id FROM chat.member x WHERE x.channel_id = pair.channel_id AND x.user_id = pair.user_id AND x.left_seq IS DISTINCT FROM 0 LIMIT 1
) m ON true;

-- Moves receipts of chats with history forward. An empty log means the current one. Returns the
-- members whose receipts have moved, and whether others in the chat may see them.
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
