-- Moves watermarks forward. Returns the members whose watermarks have moved, and whether others in
-- the channel may see them.
-- name: saveReceipts
SELECT channel_id, user_id, delivered_seq, read_seq, told FROM chat.save_receipts(
  :channelIds::int[], :logIds::uuid[], :userIds::varchar[], :deliveredSeqs::bigint[], :readSeqs::bigint[], :mostTold::int
);

-- Records that these users are connected now.
-- name: saveLastSeen
SELECT FROM chat.save_last_seen(:userIds::varchar[]);
