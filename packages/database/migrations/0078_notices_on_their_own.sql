-- How far the notices of messages follow the log of a channel. They shared the position of the search index, so text that could
-- not be indexed also stopped the notices.
CREATE TABLE chat.notice_progress (
    channel_id INTEGER PRIMARY KEY REFERENCES chat.channel (id) ON DELETE CASCADE,
    log_id     UUID    NOT NULL,
    seq        BIGINT  NOT NULL                                   -- all messages up to this seq have notified
) WITH (fillfactor = 50);
INSERT INTO chat.notice_progress (channel_id, log_id, seq) SELECT channel_id, log_id, seq FROM chat.search_progress;
GRANT SELECT, INSERT, UPDATE ON chat.notice_progress TO chat_manager;
