-- What an entry counts for a quota: its words, content type and mentions.
CREATE FUNCTION chat.stored_bytes(data BYTEA, content_type VARCHAR, mentions VARCHAR[]) RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN octet_length(data) + octet_length(content_type) + octet_length(array_to_string(mentions, ''));
REVOKE EXECUTE ON FUNCTION chat.stored_bytes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.stored_bytes TO chat_server, chat_manager;

-- A deletion blanks the content type and the mentions too, and an edit blanks those of the edit before it.
GRANT UPDATE (mentions) ON chat.message TO chat_server;

WITH gone AS (
    UPDATE chat.message m SET data = '', content_type = '', mentions = '{}'
    FROM chat.message was
    WHERE was.channel_id = m.channel_id AND was.seq = m.seq AND (was.data <> '' OR was.content_type <> '' OR was.mentions <> '{}')
      AND (was.deleted_at IS NOT NULL OR was.kind = 1 AND EXISTS (
        SELECT FROM chat.message e WHERE e.channel_id = was.channel_id AND e.target_seq = was.target_seq AND e.kind = 1 AND e.seq > was.seq))
    RETURNING m.channel_id, m.sender_id, m.kind, chat.stored_bytes(was.data, was.content_type, was.mentions) AS bytes
), heads AS (
    UPDATE chat.channel_head h SET stored_bytes = h.stored_bytes - s.bytes
    FROM (SELECT channel_id, sum(bytes) AS bytes FROM gone GROUP BY channel_id) s WHERE s.channel_id = h.channel_id
)
UPDATE chat.usage u SET bytes = u.bytes - s.bytes
FROM (SELECT sender_id, sum(bytes) AS bytes FROM gone WHERE kind <> 8 GROUP BY sender_id) s WHERE s.sender_id = u.user_id;
