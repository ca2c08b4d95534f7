-- Reads a page of a log, newest first. $1 channel, $2 first and $3 last seq allowed, $4 page size,
-- $5 maximum number of emoji and $6 users named per emoji. Contains only messages and membership
-- changes: edits, deletions, reactions and pins appear in their target. `bytes` is an upper bound
-- of the encoded size, computed without reading the data.
SELECT m.seq, octet_length(m.data) + 300 + 66 * cardinality(m.mentions) + coalesce((
  SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, $6)) FROM (
    SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = $1 AND x.seq = m.seq ORDER BY x.emoji LIMIT $5
  ) r), 0)::int AS bytes
FROM chat.message m WHERE m.channel_id = $1 AND m.seq BETWEEN $2 AND $3 AND m.kind IN :HISTORY_KINDS ORDER BY m.seq DESC LIMIT $4;
