-- One page of a log, newest first: $1 the channel, $2 and $3 the first and the last seq that may be in it, $4 how many, $5 how many emoji
-- and $6 how many people of each are named. Only what was said and who came or went: edits, deletions, reactions and pins show in what they
-- are about. `bytes` is at least the size that the entry has in an answer, and nothing of it has to be read for that.
SELECT m.seq, octet_length(m.data) + 300 + 66 * cardinality(m.mentions) + coalesce((
  SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, $6)) FROM (
    SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = $1 AND x.seq = m.seq ORDER BY x.emoji LIMIT $5
  ) r), 0)::int AS bytes
FROM chat.message m WHERE m.channel_id = $1 AND m.seq BETWEEN $2 AND $3 AND m.kind IN :HISTORY_KINDS ORDER BY m.seq DESC LIMIT $4;
