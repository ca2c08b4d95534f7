-- Returns the positions, from 0, of the pairs of channel and seq at which no message is stored:
-- there is no entry, it is not a message, or retention has removed it. A deleted message is still
-- stored. LATERAL with LIMIT makes it one index probe per pair, whatever the table statistics are.
-- name: findWithoutMessage
SELECT (i.n - 1)::int AS position
FROM unnest(:channelIds::int[], :seqs::bigint[]) WITH ORDINALITY AS i (channel_id, seq, n)
CROSS JOIN LATERAL (SELECT x.first_seq FROM chat.channel_head x WHERE x.channel_id = i.channel_id LIMIT 1) h
LEFT JOIN LATERAL (
  SELECT x.seq FROM chat.message x WHERE x.channel_id = i.channel_id AND x.seq = i.seq AND x.seq >= h.first_seq AND x.kind IN :SPEECH_KINDS LIMIT 1
) m ON true
WHERE m.seq IS NULL;
