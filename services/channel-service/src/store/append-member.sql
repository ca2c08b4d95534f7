-- A change of members as an entry of the log: $1 the channel, $2 who made it, $3 the encoded MemberChange. After lock-channel.
-- The head stays locked until the commit, so everything said before is at or below `before` and everything after above `at`.
-- Neither epoch nor boot_id is touched: the owner goes on, and sees by the seqs of its next batch that somebody else has written.
WITH head AS (
  UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = greatest(last_at, statement_timestamp()), roster = roster + 1,
    stored_bytes = stored_bytes + chat.stored_bytes($3::bytea, '', '{}'), stored_rows = stored_rows + 1
  WHERE channel_id = $1 RETURNING channel_id, last_seq, last_at
)
INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
SELECT channel_id, last_seq, :KIND_MEMBER, $2, gen_random_uuid(), last_at, $3::bytea, sha256($3::bytea) FROM head
RETURNING seq - 1 AS before, seq AS at;
