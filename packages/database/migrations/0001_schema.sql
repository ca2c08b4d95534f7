-- The whole first schema. PostgreSQL 15 or later. The migrator makes the schema `chat` itself and runs every file in one transaction.
-- Times are always the database's.

-- ── people ────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE chat.users (
    id            VARCHAR(64)  PRIMARY KEY,                       -- handle, never changes (seed 000)
    name          VARCHAR(64)  NOT NULL,
    password_hash VARCHAR(255) NOT NULL,                          -- carries its scheme; '!' = no password opens it
    number        INTEGER      GENERATED ALWAYS AS IDENTITY UNIQUE, -- Message.user_id
    email         VARCHAR(254),
    role          TEXT         NOT NULL DEFAULT 'user'   CHECK (role IN ('user', 'admin', 'guest')),
    status        TEXT         NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    about         VARCHAR(500) NOT NULL DEFAULT '',
    avatar_id     UUID,
    visibility    TEXT         NOT NULL DEFAULT 'users'  CHECK (visibility IN ('everyone', 'users', 'contacts', 'nobody')),
    metadata      JSONB        NOT NULL DEFAULT '{}',
    created_at    TIMESTAMPTZ  NOT NULL DEFAULT now(),
    last_seen_at  TIMESTAMPTZ,
    CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),             -- no '@' (Login also takes the e-mail), no look-alikes
    CHECK (length(btrim(name)) > 0 AND name !~ '[[:cntrl:]]')
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX users_id_folded    ON chat.users (lower(id));    -- Bob is not bob's twin
CREATE UNIQUE INDEX users_email_folded ON chat.users (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX users_name_folded         ON chat.users (lower(name) text_pattern_ops); -- search by prefix

CREATE TABLE chat.session (                                       -- one login; `sid` of the user token
    id         UUID        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    device     VARCHAR(100) NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX session_of_user ON chat.session (user_id) WHERE revoked_at IS NULL;

CREATE TABLE chat.signing_key (                                   -- public halves only; a signer makes a pair at boot and every 24 h;
                                                                  -- expires_at = last use + life of its tokens; the manager purges
    kid        TEXT        PRIMARY KEY,
    purpose    TEXT        NOT NULL CHECK (purpose IN ('user', 'join', 'manager', 'chat', 'gateway')), -- the last three: service tokens of
    owner      TEXT        NOT NULL,                              -- boot id that holds the private half
    public_jwk JSONB       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT key_life CHECK (expires_at <= created_at + interval '31 days') -- a stolen role cannot leave a key for ever
);

-- ── servers ───────────────────────────────────────────────────────────────────────────────────
CREATE TABLE chat.server (                                        -- one row per process life; written by Report, fixed size
    boot_id       UUID        PRIMARY KEY,
    name          VARCHAR(64) NOT NULL,
    addr          TEXT        NOT NULL,                           -- what clients dial (ChannelServer.addr)
    internal_addr TEXT        NOT NULL,                           -- what the manager and Envoy dial
    tls           BOOLEAN     NOT NULL DEFAULT false,             -- addr speaks TLS
    state         TEXT        NOT NULL DEFAULT 'serving' CHECK (state IN ('serving', 'draining', 'stopped')),
    load          REAL        NOT NULL DEFAULT 0 CHECK (load BETWEEN 0 AND 1), -- what placement compares; NaN would win every comparison
    seats         INTEGER     NOT NULL DEFAULT 0 CHECK (seats >= 0),
    metric        JSONB       NOT NULL DEFAULT '{}',              -- seed's Metric.kv, bounded by the door
    started_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    lease_until   TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- ── channels ──────────────────────────────────────────────────────────────────────────────────
CREATE TYPE chat.channel_kind AS ENUM ('room', 'direct', 'group', 'public', 'private');

CREATE TABLE chat.channel (
    id            SERIAL       PRIMARY KEY,
    name          VARCHAR(64)  NOT NULL,
    alias         VARCHAR(64),                                    -- a name that identifies (002, 003): create-if-missing needs one
    user_limit    INTEGER      NOT NULL DEFAULT 25,               -- `limit` is a reserved word
    owner_id      VARCHAR(64)  NOT NULL REFERENCES chat.users (id),
    kind          chat.channel_kind NOT NULL DEFAULT 'room',
    description   VARCHAR(1000) NOT NULL DEFAULT '',
    icon_id       UUID,
    keep_seconds  INTEGER      CHECK (keep_seconds >= 0),         -- NULL for ever, 0 nothing, else a window
    keep_count    INTEGER      CHECK (keep_count > 0),
    open_history  BOOLEAN      NOT NULL DEFAULT true,             -- members may read what was said before they joined
    slow_mode_s   INTEGER      NOT NULL DEFAULT 0 CHECK (slow_mode_s BETWEEN 0 AND 21600),
    pair_low      VARCHAR(64)  REFERENCES chat.users (id),        -- direct chats: the two people, ordered
    pair_high     VARCHAR(64)  REFERENCES chat.users (id),
    metadata      JSONB        NOT NULL DEFAULT '{}',
    created_at    TIMESTAMPTZ  NOT NULL DEFAULT now(),
    updated_at    TIMESTAMPTZ  NOT NULL DEFAULT now(),
    deleted_at    TIMESTAMPTZ,
    CONSTRAINT check_limit CHECK (user_limit > 0 AND (kind <> 'room' OR user_limit <= 25)),
    CONSTRAINT check_pair  CHECK ((kind = 'direct') = (pair_low IS NOT NULL) AND (kind = 'direct') = (pair_high IS NOT NULL)
                                  AND (kind <> 'direct' OR pair_low COLLATE "C" <= pair_high COLLATE "C"))
);
CREATE UNIQUE INDEX channel_pair ON chat.channel (pair_low, pair_high) WHERE kind = 'direct' AND deleted_at IS NULL;
CREATE UNIQUE INDEX channel_alias ON chat.channel (lower(alias)) WHERE alias IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX channel_owner ON chat.channel (owner_id);
CREATE INDEX channel_listed ON chat.channel (id) WHERE deleted_at IS NULL AND kind IN ('room', 'public');

-- The one hot row of a channel: who owns it (fence), where its log ends, and which roster is current.
-- Every durable write locks it, so "epoch checked", "seq given" and "members as of now" are one atomic fact.
CREATE TABLE chat.channel_head (
    channel_id INTEGER     PRIMARY KEY REFERENCES chat.channel (id) ON DELETE CASCADE,
    epoch      BIGINT      NOT NULL DEFAULT 0,                    -- fence: +1 at every claim, checked together with boot_id; never names a place
    boot_id    UUID,                                              -- owner; NULL = nobody
    log_id     UUID        NOT NULL DEFAULT gen_random_uuid(),    -- resume: changes only if seqs lose their meaning (restore, purge)
    last_seq   BIGINT      NOT NULL DEFAULT 0,
    first_seq  BIGINT      NOT NULL DEFAULT 1,                    -- oldest seq still stored (retention moves it)
    last_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    roster     INTEGER     NOT NULL DEFAULT 0                     -- +1 at every change of members, roles, mutes, settings
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX channel_head_boot ON chat.channel_head (boot_id);

CREATE TABLE chat.member (
    channel_id    INTEGER     NOT NULL REFERENCES chat.channel (id) ON DELETE CASCADE,
    user_id       VARCHAR(64) NOT NULL REFERENCES chat.users (id),
    role          TEXT        NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'member')), -- the owner is channel.owner_id
    joined_seq    BIGINT      NOT NULL,                           -- head.last_seq when joining
    left_seq      BIGINT,                                         -- head.last_seq when leaving; NULL = still in
    delivered_seq BIGINT      NOT NULL DEFAULT 0,
    read_seq      BIGINT      NOT NULL DEFAULT 0,
    muted_until   TIMESTAMPTZ,
    banned_until  TIMESTAMPTZ,                                    -- 'infinity' = for good
    notify        TEXT        NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'none')),
    joined_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    receipt_at    TIMESTAMPTZ,
    PRIMARY KEY (channel_id, user_id),
    CHECK (left_seq IS NULL OR left_seq >= joined_seq),
    CHECK (read_seq <= delivered_seq)
) WITH (fillfactor = 70);
CREATE INDEX member_chats ON chat.member (user_id) WHERE left_seq IS NULL;

-- The log. Edits, deletions, reactions and membership changes are entries too, so that resuming by seq misses nothing.
-- The two foreign keys are 001's wish; measured, they cost 18 -> 39 us of a backend per row in batches of 100.
CREATE TABLE chat.message (
    channel_id   INTEGER     NOT NULL,
    seq          BIGINT      NOT NULL CHECK (seq > 0),
    kind         SMALLINT    NOT NULL DEFAULT 0 CHECK (kind >= 0), -- chat.v1.Kind; 0 = somebody said something
    sender_id    VARCHAR(64) NOT NULL,
    client_id    UUID        NOT NULL,                            -- the sender's, or the server's where it sent none
    sent_at      TIMESTAMPTZ NOT NULL,
    target_seq   BIGINT      CHECK (target_seq > 0),                                          -- what an edit, deletion, reaction or reply is about
    content_type VARCHAR(127) NOT NULL DEFAULT '',
    data         BYTEA       NOT NULL CHECK (octet_length(data) <= 65536), -- the setting can only lower it
    digest       BYTEA       NOT NULL CHECK (octet_length(digest) = 32), -- SHA-256 of what was first sent: a retry after an edit is the same message
    mentions     VARCHAR(64)[] NOT NULL DEFAULT '{}',
    edited_at    TIMESTAMPTZ,
    deleted_at   TIMESTAMPTZ,                                      -- deleting blanks data here and in every edit entry about it
    pinned_at    TIMESTAMPTZ,
    pinned_by    VARCHAR(64) REFERENCES chat.users (id),
    PRIMARY KEY (channel_id, seq),
    CONSTRAINT message_once UNIQUE (channel_id, sender_id, client_id),
    FOREIGN KEY (channel_id) REFERENCES chat.channel (id),
    FOREIGN KEY (sender_id) REFERENCES chat.users (id),
    CHECK (kind = 0 OR kind > 6 OR target_seq IS NOT NULL)        -- edit, delete, react, unreact, pin, unpin are about something
);
CREATE INDEX message_about  ON chat.message (channel_id, target_seq) WHERE target_seq IS NOT NULL;
CREATE INDEX message_pinned ON chat.message (channel_id, pinned_at)  WHERE pinned_at IS NOT NULL;

CREATE TABLE chat.reaction (
    channel_id INTEGER     NOT NULL,
    seq        BIGINT      NOT NULL,
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id),
    emoji      VARCHAR(64) NOT NULL,
    PRIMARY KEY (channel_id, seq, emoji, user_id),
    FOREIGN KEY (channel_id, seq) REFERENCES chat.message ON DELETE CASCADE
);

-- ── being there ───────────────────────────────────────────────────────────────────────────────
-- A seat is a join token: reserved by Listen, taken once by Connect, deleted when the stream ends.
CREATE TABLE chat.seat (
    id         UUID        PRIMARY KEY,                           -- `jti`
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    channel_id INTEGER     NOT NULL REFERENCES chat.channel (id) ON DELETE CASCADE,
    boot_id    UUID        NOT NULL,
    epoch      BIGINT      NOT NULL,
    session_id UUID        REFERENCES chat.session (id) ON DELETE CASCADE, -- `sid` of the user token: Logout ends its seats
    exclusive  BOOLEAN     NOT NULL,                              -- rooms: at most one per user
    live       BOOLEAN     NOT NULL DEFAULT false,
    join_by    TIMESTAMPTZ NOT NULL,                              -- reserved until
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX seat_one_room ON chat.seat (user_id) WHERE exclusive;
CREATE INDEX seat_inside  ON chat.seat (channel_id, user_id);         -- who is inside; `live` stays out of it, so that taking a seat is a HOT update
CREATE INDEX seat_boot    ON chat.seat (boot_id);
CREATE INDEX seat_user    ON chat.seat (user_id);
CREATE INDEX seat_session ON chat.seat (session_id);

CREATE TABLE chat.ticket (                                        -- one use, 30 s: EventSource and WebSocket cannot send headers
    id_hash    BYTEA       PRIMARY KEY,
    session_id UUID        NOT NULL REFERENCES chat.session (id) ON DELETE CASCADE,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE chat.rate (                                          -- GCRA: one timestamp per key, e.g. 'listen:alice'
    key TEXT        PRIMARY KEY,
    tat TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- ── invites, files, notices, audit ────────────────────────────────────────────────────────────
CREATE TABLE chat.invite (
    id         TEXT        PRIMARY KEY CHECK (length(id) >= 22),  -- 128 random bits
    channel_id INTEGER     NOT NULL REFERENCES chat.channel (id) ON DELETE CASCADE,
    created_by VARCHAR(64) NOT NULL REFERENCES chat.users (id),
    use_count  INTEGER     NOT NULL DEFAULT 0,
    max_uses   INTEGER     CHECK (max_uses > 0),
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (max_uses IS NULL OR use_count <= max_uses)
);
CREATE INDEX invite_channel ON chat.invite (channel_id);

CREATE TABLE chat.file (
    id           UUID        PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id     VARCHAR(64) NOT NULL REFERENCES chat.users (id),
    name         VARCHAR(255) NOT NULL,
    content_type VARCHAR(127) NOT NULL,                           -- sniffed, not claimed
    size         INTEGER     NOT NULL CHECK (size >= 0),
    sha256       BYTEA       NOT NULL CHECK (octet_length(sha256) = 32),
    complete     BOOLEAN     NOT NULL DEFAULT false,
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX file_owner ON chat.file (owner_id, created_at);
ALTER TABLE chat.users   ADD FOREIGN KEY (avatar_id) REFERENCES chat.file (id) ON DELETE SET NULL;
ALTER TABLE chat.channel ADD FOREIGN KEY (icon_id)   REFERENCES chat.file (id) ON DELETE SET NULL;
CREATE INDEX users_avatar ON chat.users (avatar_id) WHERE avatar_id IS NOT NULL;
CREATE INDEX channel_icon ON chat.channel (icon_id) WHERE icon_id IS NOT NULL;

CREATE TABLE chat.file_chunk (
    file_id UUID     NOT NULL REFERENCES chat.file (id) ON DELETE CASCADE,
    n       INTEGER  NOT NULL,
    data    BYTEA    NOT NULL CHECK (octet_length(data) <= 262144),
    PRIMARY KEY (file_id, n)
);
ALTER TABLE chat.file_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE chat.message_file (                                  -- who may download: who may read the message
    channel_id INTEGER NOT NULL,
    seq        BIGINT  NOT NULL,
    file_id    UUID    NOT NULL REFERENCES chat.file (id),
    PRIMARY KEY (channel_id, seq, file_id),
    FOREIGN KEY (channel_id, seq) REFERENCES chat.message ON DELETE CASCADE
);
CREATE INDEX message_file_file ON chat.message_file (file_id);

CREATE TABLE chat.event (                                         -- rare facts for processes and people; id order is commit order
    id         BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),    -- of the commit, not of the transaction's begin
    kind       TEXT        NOT NULL,
    channel_id INTEGER,
    user_ids   VARCHAR(64)[] NOT NULL DEFAULT '{}',               -- whom it concerns; empty = every member
    body       JSONB       NOT NULL DEFAULT '{}'
);

CREATE TABLE chat.notification (
    id         BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    kind       TEXT        NOT NULL,
    channel_id INTEGER     REFERENCES chat.channel (id) ON DELETE CASCADE,
    seq        BIGINT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    read_at    TIMESTAMPTZ
);
CREATE INDEX notification_inbox ON chat.notification (user_id, id);

CREATE TABLE chat.audit (
    id      BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL DEFAULT now(),
    actor   VARCHAR(64) NOT NULL,
    action  TEXT        NOT NULL,
    target  TEXT        NOT NULL,
    detail  JSONB       NOT NULL DEFAULT '{}'
);

CREATE SEQUENCE chat.guest_number MINVALUE 0 START 0;             -- seed 002: the first one is 0

-- ── every channel has a head; every change of members has an event ────────────────────────────
CREATE FUNCTION chat.open_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat.channel_head (channel_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER channel_opens_head AFTER INSERT ON chat.channel FOR EACH ROW EXECUTE FUNCTION chat.open_head();

-- One writer at a time from here to the commit: ids are given in commit order, so "id > cursor" never skips a row.
-- Call it last in a transaction (the triggers below are deferred): whoever holds this lock must not wait for a row.
-- NOTIFY serialises commits anyway; these are rare events. The payload is empty: every role can listen.
CREATE FUNCTION chat.publish(kind TEXT, channel_id INTEGER, user_ids VARCHAR[], body JSONB) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chat.event'));
    INSERT INTO chat.event (kind, channel_id, user_ids, body) VALUES (kind, channel_id, user_ids, body);
    PERFORM pg_notify('chat_event', '');
END $$;

CREATE FUNCTION chat.channel_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE what TEXT := 'chat_changed';
BEGIN
    IF TG_OP = 'INSERT' THEN
        what := 'chat_created';
    ELSIF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
        what := 'chat_deleted';
    END IF;
    PERFORM chat.publish(what, NEW.id, '{}', jsonb_build_object('name', NEW.name, 'kind', NEW.kind));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER channel_changed AFTER INSERT OR UPDATE ON chat.channel
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chat.channel_changed();

-- A row that was never "in" (a ban on a room) is no member: nothing is said about it.
CREATE FUNCTION chat.member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_in BOOLEAN := TG_OP = 'UPDATE' AND OLD.left_seq IS NULL;
    is_in  BOOLEAN := NEW.left_seq IS NULL;
BEGIN
    IF was_in OR is_in THEN
        PERFORM chat.publish(CASE WHEN NOT was_in THEN 'member_added' WHEN NOT is_in THEN 'member_removed' ELSE 'member_changed' END,
                             NEW.channel_id, ARRAY[NEW.user_id], '{}');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER member_changed AFTER INSERT OR UPDATE OF left_seq, role, muted_until, banned_until ON chat.member
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chat.member_changed();
