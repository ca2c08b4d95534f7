-- Moves the receipt of a member forward, at most to the end of the log. 0 leaves a seq unchanged.
-- `markedUnread` sets or removes the mark "unread"; NULL removes it if the new `read_seq` is not
-- below the old one. Returns no row if the user is not a member, or if the log has another id.
-- Locks the row of the member first, so that a concurrent removal is seen. `instance_id` is the
-- live chat server of the channel, or NULL if the receipt has not moved.
-- name: moveReceipt
WITH due AS MATERIALIZED (
  SELECT m.channel_id, m.user_id, h.instance_id, m.read_seq AS was_read, m.delivered_seq AS was_delivered,
    CASE WHEN :readSeq::bigint > 0 THEN least(greatest(:readSeq, m.joined_seq), h.last_seq) ELSE 0 END AS read_seq,
    CASE WHEN :deliveredSeq::bigint > 0 THEN least(greatest(:deliveredSeq, m.joined_seq), h.last_seq) ELSE 0 END AS delivered_seq
  FROM chat.member m JOIN chat.channel_head h ON h.channel_id = m.channel_id
  WHERE m.channel_id = :channelId AND m.user_id = :userId AND m.left_seq IS NULL AND h.log_id = :logId FOR NO KEY UPDATE OF m
)
UPDATE chat.member m SET read_seq = greatest(m.read_seq, d.read_seq), delivered_seq = greatest(m.delivered_seq, d.delivered_seq, d.read_seq),
  marked_unread = coalesce(:markedUnread, m.marked_unread AND NOT (d.read_seq > 0 AND d.read_seq >= m.read_seq)),
  receipt_at = CASE WHEN d.read_seq > m.read_seq OR d.delivered_seq > m.delivered_seq THEN now() ELSE m.receipt_at END
FROM due d LEFT JOIN chat.server s ON s.instance_id = d.instance_id AND s.lease_until > statement_timestamp()
  AND (d.read_seq > d.was_read OR d.delivered_seq > d.was_delivered)
WHERE m.channel_id = d.channel_id AND m.user_id = d.user_id RETURNING s.instance_id, s.internal_addr, d.read_seq > d.was_read OR d.delivered_seq > d.was_delivered AS has_moved;

-- Reads the sender of a message.
-- name: readSender
SELECT sender_id FROM chat.message WHERE channel_id = :channelId AND seq = :seq AND kind IN :SPEECH_KINDS;

-- Lists the receipts of the members of a chat, by user id, without the sender of a message and
-- without users who read in private.
-- name: listReceipts
SELECT m.user_id, m.delivered_seq, m.read_seq, coalesce(floor(extract(epoch FROM m.receipt_at) * 1000)::bigint, 0) AS updated_at
FROM chat.member m JOIN chat.users u ON u.id = m.user_id
WHERE m.channel_id = :channelId AND m.user_id > :afterId AND m.left_seq IS NULL AND m.user_id <> :senderId AND NOT u.private_reads
ORDER BY m.user_id LIMIT :size;

-- Sets which messages notify a member. Returns no row for a user who is not a member.
-- name: setNotify
UPDATE chat.member SET notify = :notify WHERE channel_id = :channelId AND user_id = :userId AND left_seq IS NULL RETURNING user_id;
