-- Gateways report that they are alive, as chat servers do, but directly: nothing is placed on them, so no manager needs to
-- decide anything. A gateway reads `drain` with each report, so nobody has to reach it.
CREATE TABLE chat.gateway (
    instance_id UUID        PRIMARY KEY,
    name        VARCHAR(64) NOT NULL,
    http_addr   TEXT        NOT NULL CHECK (length(http_addr) <= 300),
    grpc_addr   TEXT        NOT NULL CHECK (length(grpc_addr) <= 300),
    version     TEXT        NOT NULL CHECK (length(version) <= 100),
    state       TEXT        NOT NULL CHECK (state IN ('serving', 'draining', 'stopped')),
    inboxes     INTEGER     NOT NULL CHECK (inboxes >= 0),
    connections INTEGER     NOT NULL CHECK (connections >= 0),
    started_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    reported_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    lease_until TIMESTAMPTZ NOT NULL,
    drain       BOOLEAN     NOT NULL DEFAULT false                -- an operator wants it drained; only managers set this
) WITH (fillfactor = 50);

GRANT SELECT, INSERT (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until),
    UPDATE (state, inboxes, connections, reported_at, lease_until) ON chat.gateway TO chat_gateway;
GRANT SELECT, DELETE, UPDATE (drain) ON chat.gateway TO chat_manager;
