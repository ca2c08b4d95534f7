-- Appends a membership change to the log. $1 channel, $2 user who made the change, $3 encoded
-- MemberChange. Run after lock-channel.
-- The head stays locked until the commit, so every earlier entry has a seq of at most `before` and
-- every later one a seq above `at`. Epoch and boot_id stay unchanged: the owner continues and
-- learns from the seqs of its next batch that another process has written.
WITH head AS (
  UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = greatest(last_at, statement_timestamp()), roster = roster + 1,
    stored_bytes = stored_bytes + chat.stored_bytes($3::bytea, '', '{}'), stored_rows = stored_rows + 1
  WHERE channel_id = $1 RETURNING channel_id, last_seq, last_at
)
INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
SELECT channel_id, last_seq, :KIND_MEMBER, $2, gen_random_uuid(), last_at, $3::bytea, sha256($3::bytea) FROM head
RETURNING seq - 1 AS before, seq AS at;
