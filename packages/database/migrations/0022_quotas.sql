-- What is stored, counted per channel and per user: bytes of words, content types and mentions, and rows of the log. Changes of members
-- (kind 8) count for their channel only.
ALTER TABLE chat.channel_head
    ADD COLUMN stored_bytes BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN stored_rows  BIGINT NOT NULL DEFAULT 0;
GRANT UPDATE (stored_bytes, stored_rows) ON chat.channel_head TO chat_server;

CREATE TABLE chat.usage (
    user_id VARCHAR(64) PRIMARY KEY REFERENCES chat.users (id),
    bytes   BIGINT      NOT NULL,                                  -- may be below 0 for seconds: what is deleted can be counted first
    rows    BIGINT      NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE (bytes, rows) ON chat.usage TO chat_server, chat_manager;

WITH stored AS (
    SELECT channel_id, sender_id, kind = 8 AS of_members, count(*) AS rows,
        sum(octet_length(data) + octet_length(content_type) + octet_length(array_to_string(mentions, ''))) AS bytes
    FROM chat.message GROUP BY channel_id, sender_id, of_members
), heads AS (
    UPDATE chat.channel_head h SET stored_bytes = s.bytes, stored_rows = s.rows
    FROM (SELECT channel_id, sum(bytes) AS bytes, sum(rows) AS rows FROM stored GROUP BY channel_id) s WHERE s.channel_id = h.channel_id
)
INSERT INTO chat.usage (user_id, bytes, rows)
    SELECT sender_id, sum(bytes), sum(rows) FROM stored WHERE NOT of_members GROUP BY sender_id;
