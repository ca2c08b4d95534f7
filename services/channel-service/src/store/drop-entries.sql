-- $1 the channel, $2 seqs. Their reactions and the links to their files go with them.
DELETE FROM chat.message WHERE channel_id = $1 AND seq = ANY ($2::bigint[]);
