-- Deletions, pins and reactions carried content that nobody could delete. It is blanked, and counts for no quota any more.
WITH gone AS (
    UPDATE chat.message m SET data = CASE WHEN was.kind IN (3, 4) THEN m.data ELSE '' END, content_type = '', mentions = '{}'
    FROM chat.message was
    WHERE was.channel_id = m.channel_id AND was.seq = m.seq AND was.kind BETWEEN 2 AND 6
      AND (was.content_type <> '' OR was.mentions <> '{}' OR was.kind NOT IN (3, 4) AND was.data <> '')
    RETURNING m.channel_id, m.sender_id, chat.stored_bytes(was.data, was.content_type, was.mentions)
        - chat.stored_bytes(m.data, m.content_type, m.mentions) AS bytes
), heads AS (
    UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes - s.bytes
    FROM (SELECT channel_id, sum(bytes) AS bytes FROM gone GROUP BY channel_id) s WHERE s.channel_id = h.channel_id
)
UPDATE chat.usage u SET bytes = u.bytes - s.bytes
FROM (SELECT sender_id, sum(bytes) AS bytes FROM gone GROUP BY sender_id) s WHERE s.sender_id = u.user_id;
