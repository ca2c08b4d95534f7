-- Web Push. A session has one subscription, which managers write. A trigger puts what a subscription is due into
-- chat.push_due, in the transaction of the notification: one row for each chat, so the newest notification replaces an older
-- one. Gateways take rows under a lease, send them, and delete them.
CREATE TABLE chat.push_key (
    id         BOOLEAN PRIMARY KEY DEFAULT true CHECK (id),          -- one row: the installation has one key
    public_key BYTEA   NOT NULL CHECK (length(public_key) = 65)      -- gateways keep the private half
);

CREATE TABLE chat.push_subscription (
    session_id  UUID          PRIMARY KEY REFERENCES chat.session (id) ON DELETE CASCADE,
    user_id     VARCHAR(64)   NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    endpoint    VARCHAR(2048) NOT NULL,
    public_key  BYTEA         NOT NULL CHECK (length(public_key) = 65),
    secret      BYTEA         NOT NULL CHECK (length(secret) = 16),
    shows_text  BOOLEAN       NOT NULL,
    quiet_until TIMESTAMPTZ,                                         -- do not disturb until then
    created_at  TIMESTAMPTZ   NOT NULL DEFAULT now(),
    failures    INTEGER       NOT NULL DEFAULT 0,                    -- of its push service, since the last push that was sent
    waits_until TIMESTAMPTZ                                          -- after a failure, nothing is sent before then
);
CREATE INDEX push_subscription_of_user ON chat.push_subscription (user_id);
CREATE INDEX push_subscription_at ON chat.push_subscription (endpoint);

CREATE TABLE chat.push_due (
    session_id      UUID        NOT NULL REFERENCES chat.push_subscription (session_id) ON DELETE CASCADE,
    channel_id      INTEGER     NOT NULL,
    notification_id BIGINT      NOT NULL,
    due_at          TIMESTAMPTZ NOT NULL,                            -- or the end of the lease of a gateway that sends it
    PRIMARY KEY (session_id, channel_id)
);
CREATE INDEX push_due_at ON chat.push_due (due_at);
CREATE INDEX push_due_of_session ON chat.push_due (session_id, due_at, channel_id);

-- A push waits 5 s, in which the user may read the message. Inserts in the order of the keys, so that two statements cannot
-- deadlock. Skips a subscription that is being deleted, so that nobody who writes a notification waits for that or fails.
CREATE FUNCTION chat.make_pushes_due() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH subscription AS MATERIALIZED (
        SELECT s.session_id, s.user_id, s.waits_until FROM chat.push_subscription s
        WHERE s.user_id IN (SELECT a.user_id FROM added a) FOR KEY SHARE SKIP LOCKED
    )
    INSERT INTO chat.push_due AS d (session_id, channel_id, notification_id, due_at)
    SELECT s.session_id, n.channel_id, max(n.id), max(greatest(now() + interval '5 s', s.waits_until))
    FROM added n JOIN subscription s ON s.user_id = n.user_id
    GROUP BY s.session_id, n.channel_id ORDER BY s.session_id, n.channel_id
    ON CONFLICT (session_id, channel_id) DO UPDATE SET notification_id = greatest(d.notification_id, excluded.notification_id);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION chat.make_pushes_due FROM PUBLIC;
CREATE TRIGGER pushes_due AFTER INSERT ON chat.notification
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION chat.make_pushes_due();

GRANT SELECT ON chat.push_key TO chat_manager;
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.push_subscription TO chat_manager;
GRANT SELECT, INSERT, UPDATE ON chat.push_key TO chat_gateway;
GRANT SELECT, DELETE, UPDATE (failures, waits_until) ON chat.push_subscription TO chat_gateway;
GRANT SELECT, DELETE, UPDATE (due_at) ON chat.push_due TO chat_gateway;
GRANT SELECT (id, user_id, kind, channel_id, seq, by_id, read_at, created_at) ON chat.notification TO chat_gateway;
