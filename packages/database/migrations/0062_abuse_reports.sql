-- A message or a user that somebody has reported to the operators. It keeps a copy of the message, so it refers neither to the
-- channel nor to the message. Without a channel and a message, both are 0.
CREATE TABLE chat.abuse_report (
    id           BIGINT       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    by_id        VARCHAR(64)  NOT NULL REFERENCES chat.users (id),
    user_id      VARCHAR(64)  NOT NULL REFERENCES chat.users (id),
    channel_id   INTEGER      NOT NULL,
    seq          BIGINT       NOT NULL,
    reason       VARCHAR(1000) NOT NULL,
    content_type VARCHAR(127) NOT NULL DEFAULT '',
    data         BYTEA        NOT NULL DEFAULT '',
    created_at   TIMESTAMPTZ  NOT NULL DEFAULT now(),
    resolved_at  TIMESTAMPTZ,
    resolved_by  VARCHAR(64)
);
-- One open report of each reporter about each target.
CREATE UNIQUE INDEX abuse_report_once ON chat.abuse_report (by_id, user_id, channel_id, seq) WHERE resolved_at IS NULL;
CREATE INDEX abuse_report_open ON chat.abuse_report (id) WHERE resolved_at IS NULL;
CREATE INDEX abuse_report_by ON chat.abuse_report (by_id, id);
CREATE INDEX abuse_report_about ON chat.abuse_report (user_id);
GRANT SELECT, INSERT, UPDATE (resolved_at, resolved_by) ON chat.abuse_report TO chat_manager;
