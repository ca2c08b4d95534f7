-- Outgoing webhooks. Managers write them. Gateways take those that are due under a lease, post each new entry of the log to the
-- URL, and move the cursor `seq`. An entry that the receiver did not take becomes a row of chat.outgoing_failure.
CREATE TABLE chat.outgoing_webhook (
    id              VARCHAR(32)   PRIMARY KEY,
    channel_id      INTEGER       NOT NULL REFERENCES chat.channel (id) ON DELETE CASCADE,
    url             VARCHAR(2048) NOT NULL,
    types           TEXT[]        NOT NULL,                           -- of events; empty: all
    secret          BYTEA         NOT NULL CHECK (length(secret) = 32), -- gateways sign with it
    old_secret      BYTEA         CHECK (length(old_secret) = 32),    -- the one before the last rotation
    old_until       TIMESTAMPTZ,                                      -- until then, gateways sign with both
    created_by      VARCHAR(64)   REFERENCES chat.users (id) ON DELETE SET NULL,
    created_at      TIMESTAMPTZ   NOT NULL DEFAULT now(),
    seq             BIGINT        NOT NULL,                           -- entries up to it were sent, or are failures
    due_at          TIMESTAMPTZ   NOT NULL DEFAULT now(),             -- or the end of the lease of a gateway
    lease           UUID,                                             -- of the gateway that took it last
    failures        INTEGER       NOT NULL DEFAULT 0,                 -- since the last success
    failing_since   TIMESTAMPTZ,
    disabled_at     TIMESTAMPTZ,
    disabled_reason TEXT
);
CREATE INDEX outgoing_webhook_channel ON chat.outgoing_webhook (channel_id);
CREATE INDEX outgoing_webhook_creator ON chat.outgoing_webhook (created_by);
CREATE INDEX outgoing_webhook_due ON chat.outgoing_webhook (due_at) WHERE disabled_at IS NULL;

CREATE TABLE chat.outgoing_failure (
    webhook_id VARCHAR(32) NOT NULL REFERENCES chat.outgoing_webhook (id) ON DELETE CASCADE,
    seq        BIGINT      NOT NULL,                                  -- of the entry
    attempts   INTEGER     NOT NULL,
    due_at     TIMESTAMPTZ,                                           -- NULL: a dead letter
    failed_at  TIMESTAMPTZ NOT NULL DEFAULT now(),                    -- the last attempt
    why        VARCHAR(200) NOT NULL,
    PRIMARY KEY (webhook_id, seq)
);
CREATE INDEX outgoing_failure_due ON chat.outgoing_failure (webhook_id, due_at);

GRANT SELECT (id, channel_id, url, types, created_by, created_at, disabled_reason, secret), INSERT, DELETE,
    UPDATE (secret, old_secret, old_until, created_by, failures, failing_since, disabled_at, disabled_reason)
    ON chat.outgoing_webhook TO chat_manager;
GRANT SELECT, UPDATE (attempts, due_at) ON chat.outgoing_failure TO chat_manager;
GRANT SELECT, UPDATE (seq, due_at, lease, failures, failing_since, disabled_at, disabled_reason) ON chat.outgoing_webhook TO chat_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.outgoing_failure TO chat_gateway;
GRANT EXECUTE ON FUNCTION chat.manages_bots TO chat_gateway;
