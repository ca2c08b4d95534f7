-- Reads the channels in which a user may search: chats that the user is or was a member of, and own
-- rooms; the most active ones if there are more than `maxChannels`. LATERAL with LIMIT makes each
-- lookup an index probe, whatever the statistics say.
-- name: findSearchable
SELECT c.id AS channel_id, c.log_id, c.kind, true AS has_history, c.open_history, c.first_seq, c.last_seq, mine.joined_seq, mine.left_seq,
  mine.inside, 0 AS banned_for_ms
FROM (
  SELECT m.channel_id, m.joined_seq, m.left_seq, true AS inside FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL
  UNION ALL
  SELECT m.channel_id, m.joined_seq, m.left_seq, false FROM chat.member m WHERE m.user_id = :userId AND m.left_seq > 0
  UNION ALL
  SELECT r.id, NULL, NULL, false FROM chat.channel r WHERE r.owner_id = :userId AND r.kind = 'room'
) mine
CROSS JOIN LATERAL (
  SELECT x.id, x.kind, x.open_history, h.log_id, h.first_seq, h.last_seq, h.last_at
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id
  WHERE x.id = mine.channel_id AND x.deleted_at IS NULL AND x.retention_seconds IS DISTINCT FROM 0 AND h.last_seq >= h.first_seq
    AND (x.kind <> 'room' OR x.owner_id = :userId) LIMIT 1
) c
ORDER BY c.last_at DESC, c.id LIMIT :maxChannels;

-- Counts, up to `most`, the channels in which a user may search, as findSearchable finds them.
-- name: countSearchable
SELECT count(*) AS channels FROM (
  SELECT FROM (
    SELECT FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL
    UNION ALL SELECT FROM chat.member m WHERE m.user_id = :userId AND m.left_seq > 0
    UNION ALL SELECT FROM chat.channel r WHERE r.owner_id = :userId AND r.kind = 'room'
  ) mine LIMIT :most
) counted;

-- Finds the channels of messages that match a query, at most `most`, by at most `mostHits` of these
-- messages. `is_cut`: there may be more messages. Does not check who may read them. MATERIALIZED
-- keeps the planner from reading the whole table in the order of the channels.
-- name: findMatchedChannels
WITH hits AS MATERIALIZED (
  SELECT s.channel_id FROM chat.search s
  WHERE s.words @@ :query::text::tsquery AND s.sent_ms >= :sinceMs AND s.sent_ms < :beforeMs LIMIT :mostHits
)
SELECT hit.channel_id, (SELECT count(*) FROM hits) >= :mostHits AS is_cut FROM (SELECT DISTINCT channel_id FROM hits LIMIT :most) hit;

-- Reads those of the given channels in which a user may search. Applies the rules of
-- findSearchable.
-- name: findSearchableOf
SELECT c.id AS channel_id, c.log_id, c.kind, true AS has_history, c.open_history, c.first_seq, c.last_seq, mine.joined_seq, mine.left_seq,
  mine.channel_id IS NOT NULL AND mine.left_seq IS NULL AS inside, 0 AS banned_for_ms
FROM unnest(:channelIds::int[]) AS hit (channel_id)
LEFT JOIN LATERAL (
  SELECT * FROM chat.member m WHERE m.channel_id = hit.channel_id AND m.user_id = :userId AND (m.left_seq IS NULL OR m.left_seq > 0) LIMIT 1
) mine ON true
CROSS JOIN LATERAL (
  SELECT x.id, x.kind, x.open_history, h.log_id, h.first_seq, h.last_seq
  FROM chat.channel x JOIN chat.channel_head h ON h.channel_id = x.id
  WHERE x.id = hit.channel_id AND x.deleted_at IS NULL AND x.retention_seconds IS DISTINCT FROM 0 AND h.last_seq >= h.first_seq
    AND CASE WHEN x.kind = 'room' THEN x.owner_id = :userId ELSE mine.channel_id IS NOT NULL END LIMIT 1
) c;

-- Finds a page of the messages that match a query, newest first, in the readable part of each
-- channel and after the position at the end of the previous page. Leaves out messages that were
-- edited after the end of that part. `log_id`: the log from which the words come. `bytes`: an upper
-- bound of the encoded size; NULL for a message that was edited or deleted after its words were
-- stored.
-- name: findMatches
WITH hits AS MATERIALIZED (
  SELECT s.channel_id, s.seq, s.sent_ms, s.edited_us FROM chat.search s
  WHERE s.words @@ :query::text::tsquery AND s.sent_ms >= :sinceMs AND s.sent_ms < :beforeMs
)
SELECT page.channel_id, page.seq, page.sent_ms, p.log_id, CASE WHEN m.seq IS NOT NULL THEN
  octet_length(m.data) + 300 + 66 * cardinality(m.mentions) + coalesce((
    SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, :maxReactors)) FROM (
      SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = page.channel_id AND x.seq = page.seq ORDER BY x.emoji LIMIT :maxEmoji
    ) r), 0)::int END AS bytes
FROM (
  SELECT hits.* FROM hits
  JOIN unnest(:channelIds::int[], :firstSeqs::bigint[], :lastSeqs::bigint[]) AS part (channel_id, first_seq, last_seq)
    ON part.channel_id = hits.channel_id AND hits.seq BETWEEN part.first_seq AND part.last_seq AND (hits.edited_us IS NULL OR NOT EXISTS (
      SELECT FROM chat.message e WHERE e.channel_id = hits.channel_id AND e.target_seq = hits.seq AND e.kind = :KIND_EDIT AND e.seq > part.last_seq))
  WHERE (hits.sent_ms, hits.channel_id, hits.seq) < (:atMs::bigint, :atChannelId::int, :atSeq::bigint)
  ORDER BY hits.sent_ms DESC, hits.channel_id DESC, hits.seq DESC LIMIT :size
) page
JOIN chat.search_progress p ON p.channel_id = page.channel_id
LEFT JOIN LATERAL (
  SELECT x.seq, x.data, x.mentions FROM chat.message x
  WHERE x.channel_id = page.channel_id AND x.seq = page.seq AND x.deleted_at IS NULL
    AND (extract(epoch FROM x.edited_at) * 1000000)::bigint IS NOT DISTINCT FROM page.edited_us LIMIT 1
) m ON true
ORDER BY page.sent_ms DESC, page.channel_id DESC, page.seq DESC;
