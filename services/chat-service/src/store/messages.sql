-- Appends a batch that spans channels in one statement and one commit. The first arrays have one
-- item per channel: `counts` is the number of its entries, and `revisions` the revision against
-- which they were checked. The other arrays have one item per entry: `offsets` is 1..n within its
-- channel. Mentions come as user ids with commas between them. The row of the head serves as fence,
-- counter, clock and sum of what is stored, and stays locked until the commit. If a channel is
-- missing in the result, this server no longer owns it, or its members or settings have changed,
-- and none of its entries was written.
-- name: append
WITH head AS (
  UPDATE chat.channel_head h SET last_seq = h.last_seq + c.n, last_at = greatest(h.last_at, statement_timestamp()),
    stored_bytes = h.stored_bytes + c.bytes, stored_rows = h.stored_rows + c.n
  FROM unnest(:channelIds::int[], :epochs::bigint[], :counts::int[], :revisions::int[], :bytes::bigint[]) AS c (channel_id, epoch, n, revision, bytes)
  WHERE h.channel_id = c.channel_id AND h.epoch = c.epoch AND h.instance_id = :instanceId AND h.revision = c.revision
  RETURNING h.channel_id, h.last_seq - c.n AS base_seq, h.last_at, h.revision
), stored AS (
  INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, digest, mentions)
  SELECT i.channel_id, h.base_seq + i.k, i.kind, i.sender_id, i.client_id, h.last_at, nullif(i.target_seq, 0), i.content_type, i.data, i.digest,
    string_to_array(i.mentions, ',')
  FROM unnest(:entryChannelIds::int[], :offsets::int[], :senderIds::varchar[], :clientIds::uuid[], :kinds::smallint[], :targetSeqs::bigint[],
      :contentTypes::varchar[], :data::bytea[], :digests::bytea[], :mentions::text[])
    AS i (channel_id, k, sender_id, client_id, kind, target_seq, content_type, data, digest, mentions)
  JOIN head h USING (channel_id)
)
SELECT channel_id, base_seq, floor(extract(epoch FROM last_at) * 1000)::bigint AS sent_at_ms, revision FROM head;

-- Finds entries that are stored already; `position` is the index in the arrays. LATERAL with LIMIT
-- makes it one index probe per entry, whatever the table statistics are.
-- name: findStored
SELECT (i.n - 1)::int AS position, m.seq, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_at_ms, m.digest = i.digest AS is_same
FROM unnest(:channelIds::int[], :senderIds::varchar[], :clientIds::uuid[], :digests::bytea[]) WITH ORDINALITY
  AS i (channel_id, sender_id, client_id, digest, n)
CROSS JOIN LATERAL (
  SELECT m.seq, m.sent_at, m.digest FROM chat.message m
  WHERE m.channel_id = i.channel_id AND m.sender_id = i.sender_id AND m.client_id = i.client_id LIMIT 1
) m;

-- Reads a page of a channel's log in its current state; no entry begins after `bytes` bytes of
-- text. Leaves out the text of deleted messages, of entries that retention has removed, and of
-- edits replaced by a later edit, a deletion or retention.
-- name: entriesAfter
SELECT :ENTRY
FROM (
  SELECT page.*, sum(octet_length(page.data)) OVER (ORDER BY page.seq) - octet_length(page.data) AS bytes_before
  FROM (SELECT * FROM chat.message WHERE channel_id = :channelId AND seq > :afterSeq ORDER BY seq LIMIT :size) page
) m JOIN chat.channel_head h ON h.channel_id = m.channel_id :ENTRY_JOINS
WHERE m.bytes_before < :bytes ORDER BY m.seq;

-- Returns the given channels whose head is not locked.
-- name: unlockedChannels
SELECT channel_id FROM chat.channel_head WHERE channel_id = ANY (:channelIds::int[]) FOR NO KEY UPDATE SKIP LOCKED;

-- Returns the given channels that this server still owns, with their revisions.
-- name: ownedChannels
SELECT h.channel_id, h.revision FROM unnest(:channelIds::int[], :epochs::bigint[]) AS c (channel_id, epoch)
JOIN chat.channel_head h ON h.channel_id = c.channel_id AND h.epoch = c.epoch AND h.instance_id = :instanceId;
