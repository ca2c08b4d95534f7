-- One page of a log, oldest first: $1 the channel, $2 and $3 the first and the last seq that may be in it, $4 how many.
-- Only what was said and who came or went: edits, deletions, reactions and pins show in what they are about.
SELECT seq, octet_length(data) AS bytes FROM chat.message
WHERE channel_id = $1 AND seq BETWEEN $2 AND $3 AND kind IN (0, 8) ORDER BY seq ASC LIMIT $4;
