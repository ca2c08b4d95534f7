-- Locks the heads of these channels until the end of the transaction. Later statements see
-- everything that was committed there, and nobody else can write.
-- name: lockHeads
SELECT FROM chat.channel_head WHERE channel_id = ANY (:channelIds::int[]) ORDER BY channel_id FOR NO KEY UPDATE;

-- Reads the targets of changes. Only entries that retention has not removed can be targets. Each
-- step of the recursion is one index probe, so thousands of reactions to a message cost no more
-- than a few.
-- name: readTargets
SELECT m.channel_id, m.seq, m.kind, m.sender_id, m.deleted_at IS NOT NULL AS deleted, ARRAY(
  WITH RECURSIVE used AS (
    SELECT min(r.emoji) AS emoji FROM chat.reaction r WHERE r.channel_id = m.channel_id AND r.seq = m.seq
    UNION ALL
    SELECT (SELECT min(r.emoji) FROM chat.reaction r WHERE r.channel_id = m.channel_id AND r.seq = m.seq AND r.emoji > used.emoji)
    FROM used WHERE used.emoji IS NOT NULL
  ) SELECT emoji FROM used WHERE emoji IS NOT NULL
) AS emojis
FROM unnest(:channelIds::int[], :seqs::bigint[]) AS t (channel_id, seq)
JOIN chat.channel_head h USING (channel_id)
JOIN chat.message m ON m.channel_id = t.channel_id AND m.seq = t.seq AND m.seq >= h.first_seq;
