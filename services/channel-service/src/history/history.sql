-- Finds a page of a log, newest first. The page has only messages and membership changes. Edits,
-- deletions, reactions and pins show in the messages that they change. `bytes` is an upper bound of
-- the encoded size, computed without reading the data.
-- name: findNewest
SELECT m.channel_id, m.seq, octet_length(m.data) + 400 + 66 * cardinality(m.mentions) + coalesce((
  SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, :maxReactors)) FROM (
    SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = :channelId AND x.seq = m.seq ORDER BY x.emoji LIMIT :maxEmoji
  ) r), 0)::int AS bytes
FROM chat.message m WHERE m.channel_id = :channelId AND m.seq BETWEEN :firstSeq AND :lastSeq AND m.kind IN :HISTORY_KINDS ORDER BY m.seq DESC LIMIT :size;

-- Finds a page of a log, oldest first. The page has only messages and membership changes. Edits,
-- deletions, reactions and pins show in the messages that they change. `bytes` is an upper bound of
-- the encoded size, computed without reading the data.
-- name: findOldest
SELECT m.channel_id, m.seq, octet_length(m.data) + 400 + 66 * cardinality(m.mentions) + coalesce((
  SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, :maxReactors)) FROM (
    SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = :channelId AND x.seq = m.seq ORDER BY x.emoji LIMIT :maxEmoji
  ) r), 0)::int AS bytes
FROM chat.message m WHERE m.channel_id = :channelId AND m.seq BETWEEN :firstSeq AND :lastSeq AND m.kind IN :HISTORY_KINDS ORDER BY m.seq ASC LIMIT :size;

-- Finds a page of the pinned messages, newest first. Deleted messages are left out. `bytes` is as in
-- findNewest.
-- name: findPinned
SELECT m.channel_id, m.seq, octet_length(m.data) + 400 + 66 * cardinality(m.mentions) + coalesce((
  SELECT sum(20 + octet_length(r.emoji) + 66 * least(r.people, :maxReactors)) FROM (
    SELECT x.emoji, x.people FROM chat.reaction_count x WHERE x.channel_id = :channelId AND x.seq = m.seq ORDER BY x.emoji LIMIT :maxEmoji
  ) r), 0)::int AS bytes
FROM chat.message m WHERE m.channel_id = :channelId AND m.seq BETWEEN :firstSeq AND :lastSeq AND m.pinned_at IS NOT NULL AND m.deleted_at IS NULL
ORDER BY m.seq DESC LIMIT :size;

-- Reads entries of any channels in their current state, in the order of the arrays. A message's own
-- row holds its last edit and its deletion. Counts at most `maxReplies` replies. A former member
-- sees nothing from after the removal: no later replies, no reactions, no pins, and a message that was
-- edited later looks deleted. LATERAL with LIMIT makes each lookup an index probe, whatever the
-- statistics say.
-- name: readEntries
SELECT entry.channel_id, entry.seq, entry.kind, entry.sender_id, (SELECT u.number FROM chat.users u WHERE u.id = entry.sender_id) AS number,
  entry.client_id, floor(extract(epoch FROM entry.sent_at) * 1000)::bigint AS sent_ms, entry.target_seq,
  CASE WHEN it.is_gone THEN '' ELSE entry.data END AS data,
  CASE WHEN it.is_gone THEN '' ELSE entry.content_type END AS content_type,
  CASE WHEN it.is_gone THEN '{}' ELSE entry.mentions END AS mentions,
  CASE WHEN NOT it.is_edited_later THEN floor(extract(epoch FROM entry.edited_at) * 1000)::bigint END AS edited_ms, it.is_gone AS deleted,
  CASE WHEN reader.left_seq IS NULL THEN :REACTIONS ELSE '[]' END AS reactions, CASE WHEN it.is_gone THEN '{}' ELSE :FILE_IDS END AS file_ids,
  CASE WHEN reader.left_seq IS NULL AND NOT it.is_gone THEN floor(extract(epoch FROM entry.pinned_at) * 1000)::bigint END AS pinned_ms,
  replies.count AS replies, coalesce(replies.last_seq, 0) AS last_reply_seq,
  coalesce(floor(extract(epoch FROM reply.sent_at) * 1000)::bigint, 0) AS last_reply_ms, coalesce(reply.sender_id, '') AS last_replier
FROM unnest(:channelIds::int[], :seqs::bigint[]) WITH ORDINALITY AS page (channel_id, seq, place)
CROSS JOIN LATERAL (SELECT * FROM chat.message x WHERE x.channel_id = page.channel_id AND x.seq = page.seq LIMIT 1) entry
CROSS JOIN LATERAL (
  SELECT (SELECT nullif(y.left_seq, 0) FROM chat.member y WHERE y.channel_id = page.channel_id AND y.user_id = :readerId) AS left_seq
) reader
CROSS JOIN LATERAL (
  SELECT entry.edited_at IS NOT NULL AND reader.left_seq IS NOT NULL AND EXISTS (
    SELECT FROM chat.message e WHERE e.channel_id = page.channel_id AND e.target_seq = page.seq AND e.kind = :KIND_EDIT AND e.seq > reader.left_seq
  ) AS is_edited_later
) edits
CROSS JOIN LATERAL (SELECT edits.is_edited_later, entry.deleted_at IS NOT NULL OR edits.is_edited_later AS is_gone) it
CROSS JOIN LATERAL (
  SELECT count(*) AS count, max(one.seq) AS last_seq FROM (
    SELECT x.seq FROM chat.message x
    WHERE x.channel_id = page.channel_id AND x.target_seq = page.seq AND x.kind IN :SPEECH_KINDS AND x.deleted_at IS NULL
      AND x.seq <= coalesce(reader.left_seq, 9223372036854775807)
    ORDER BY x.seq DESC LIMIT :maxReplies
  ) one
) replies
LEFT JOIN LATERAL (
  SELECT x.sent_at, x.sender_id FROM chat.message x WHERE x.channel_id = page.channel_id AND x.seq = replies.last_seq LIMIT 1
) reply ON true
ORDER BY page.place;
