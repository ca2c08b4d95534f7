-- Entries in full: $1 the channel, $2 their seqs.
SELECT seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, mentions, edited_at, deleted_at
FROM chat.message WHERE channel_id = $1 AND seq = ANY ($2::bigint[]) ORDER BY seq;
