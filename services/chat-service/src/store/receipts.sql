-- Moves receipts forward. Returns the members whose receipts have moved, and whether others in
-- the channel may see them.
-- name: saveReceipts
SELECT channel_id, user_id, delivered_seq, read_seq, told FROM chat.save_receipts(
  :channelIds::int[], :logIds::uuid[], :userIds::varchar[], :deliveredSeqs::bigint[], :readSeqs::bigint[], :mostTold::int
);

-- Reads the receipts of members, and whether others in the channel may see them. No row for a
-- former member, or another log.
-- name: readReceipts
SELECT m.channel_id, m.user_id, m.delivered_seq, m.read_seq, h.members <= :mostTold AND NOT u.private_reads AS told
FROM unnest(:channelIds::int[], :logIds::uuid[], :userIds::varchar[]) AS i (channel_id, log_id, user_id)
CROSS JOIN LATERAL (SELECT x.members FROM chat.channel_head x WHERE x.channel_id = i.channel_id AND x.log_id = i.log_id LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT x.channel_id, x.user_id, x.delivered_seq, x.read_seq FROM chat.member x
  WHERE x.channel_id = i.channel_id AND x.user_id = i.user_id AND x.left_seq IS NULL LIMIT 1
) m
CROSS JOIN LATERAL (SELECT x.private_reads FROM chat.users x WHERE x.id = i.user_id LIMIT 1) u;

-- Records that these users were last seen now.
-- name: saveLastSeen
SELECT FROM chat.save_last_seen(:userIds::varchar[]);
