-- Appends a batch that spans channels in one statement and one commit. $1 this server's instance
-- id; $2..$6 one item per channel (id, epoch, number of entries, roster by which they were judged,
-- their bytes); $7.. one item per entry (channel, k = 1..n within it, ...). Mentions come as user
-- ids with commas between them. The row of the head serves as fence, counter, clock and sum of what
-- is stored, and stays locked until the commit. If a channel is missing in the result, this server
-- no longer owns it, or its members or settings have changed, and none of its entries was written.
WITH head AS (
  UPDATE chat.channel_head h SET last_seq = h.last_seq + c.n, last_at = greatest(h.last_at, statement_timestamp()),
    stored_bytes = h.stored_bytes + c.bytes, stored_rows = h.stored_rows + c.n
  FROM unnest($2::int[], $3::bigint[], $4::int[], $5::int[], $6::bigint[]) AS c (channel_id, epoch, n, roster, bytes)
  WHERE h.channel_id = c.channel_id AND h.epoch = c.epoch AND h.boot_id = $1 AND h.roster = c.roster
  RETURNING h.channel_id, h.last_seq - c.n AS base, h.last_at, h.roster
), stored AS (
  INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, content_type, data, digest, mentions)
  SELECT i.channel_id, h.base + i.k, i.kind, i.sender_id, i.client_id, h.last_at, nullif(i.target_seq, 0), i.content_type, i.data, i.digest,
    string_to_array(i.mentions, ',')
  FROM unnest($7::int[], $8::int[], $9::varchar[], $10::uuid[], $11::smallint[], $12::bigint[], $13::varchar[], $14::bytea[], $15::bytea[], $16::text[])
    AS i (channel_id, k, sender_id, client_id, kind, target_seq, content_type, data, digest, mentions)
  JOIN head h USING (channel_id)
)
SELECT channel_id, base, floor(extract(epoch FROM last_at) * 1000)::bigint AS sent_ms, roster FROM head;
