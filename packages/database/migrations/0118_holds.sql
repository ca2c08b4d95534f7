-- expand
-- Legal holds. While a hold on a channel or a user stands, a copy of everything that is edited, deleted or removed by retention stays for
-- operators. Nothing else changes, so no user notices a hold. A hold covers its channel, or all messages of its user and of the user's
-- direct chats and groups. Messages are copied when they change, so writing a message costs nothing.
CREATE TABLE chat.hold (
    id          INTEGER       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id  INTEGER       REFERENCES chat.channel (id),
    user_id     VARCHAR(64)   REFERENCES chat.users (id),
    reason      VARCHAR(1000) NOT NULL CHECK (reason <> ''),
    set_by      VARCHAR(64)   NOT NULL,
    set_at      TIMESTAMPTZ   NOT NULL DEFAULT now(),
    released_at TIMESTAMPTZ,                                       -- nothing is copied any more; the copies are deleted a minute later
    CHECK (num_nonnulls(channel_id, user_id) = 1)
);
CREATE UNIQUE INDEX hold_channel ON chat.hold (channel_id) WHERE released_at IS NULL;
CREATE UNIQUE INDEX hold_user    ON chat.hold (user_id)    WHERE released_at IS NULL;

-- Copies of messages as they were before a change. `cause`: what happened to the message then.
CREATE TABLE chat.kept_message (
    id           BIGINT       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id   INTEGER      NOT NULL REFERENCES chat.channel (id),
    seq          BIGINT       NOT NULL,
    kind         SMALLINT     NOT NULL,
    sender_id    VARCHAR(64)  NOT NULL REFERENCES chat.users (id),
    sent_at      TIMESTAMPTZ  NOT NULL,
    target_seq   BIGINT,
    content_type VARCHAR(127) NOT NULL,
    data         BYTEA        NOT NULL,
    mentions     VARCHAR(64)[] NOT NULL,
    edited_at    TIMESTAMPTZ,
    cause        TEXT         NOT NULL CHECK (cause IN ('edited', 'deleted', 'expired')),
    kept_at      TIMESTAMPTZ  NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX kept_channel ON chat.kept_message (channel_id);
CREATE INDEX kept_sender  ON chat.kept_message (sender_id);

-- The files of the copies. They stay, and nobody but operators can read them once no message has them.
CREATE TABLE chat.kept_file (
    kept_id BIGINT   NOT NULL REFERENCES chat.kept_message (id) ON DELETE CASCADE,
    file_id UUID     NOT NULL REFERENCES chat.file (id),
    place   SMALLINT NOT NULL,
    PRIMARY KEY (kept_id, file_id)
);
CREATE INDEX kept_file_id ON chat.kept_file (file_id);

CREATE FUNCTION chat.is_held(channel INTEGER, sender VARCHAR) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM chat.hold h WHERE h.channel_id = channel AND h.released_at IS NULL)
        OR EXISTS (SELECT FROM chat.hold h WHERE h.user_id = sender AND h.released_at IS NULL)
        OR EXISTS (
            SELECT FROM chat.hold h JOIN chat.member m ON m.channel_id = channel AND m.user_id = h.user_id
            JOIN chat.channel c ON c.id = channel AND c.kind IN ('direct', 'group') WHERE h.released_at IS NULL
        )
$$;

CREATE FUNCTION chat.keep_message() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made  BIGINT;
    cause TEXT := CASE WHEN TG_OP = 'DELETE' THEN 'expired' WHEN NEW.deleted_at IS NULL THEN 'edited' ELSE 'deleted' END;
BEGIN
    IF EXISTS (SELECT FROM chat.hold h WHERE h.released_at IS NULL) AND chat.is_held(OLD.channel_id, OLD.sender_id) THEN
        INSERT INTO chat.kept_message (channel_id, seq, kind, sender_id, sent_at, target_seq, content_type, data, mentions, edited_at, cause)
        VALUES (OLD.channel_id, OLD.seq, OLD.kind, OLD.sender_id, OLD.sent_at, OLD.target_seq, OLD.content_type, OLD.data, OLD.mentions,
            OLD.edited_at, cause) RETURNING id INTO made;
        INSERT INTO chat.kept_file (kept_id, file_id, place) SELECT made, l.file_id, l.place FROM chat.message_file l
            WHERE l.channel_id = OLD.channel_id AND l.seq = OLD.seq;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
-- The text of an edit (kind 1) is also in the edited message, whose row is copied. These run before the links to files are deleted.
CREATE TRIGGER message_changes BEFORE UPDATE OF data, deleted_at ON chat.message FOR EACH ROW
    WHEN (OLD.kind <> 1 AND OLD.deleted_at IS NULL AND (NEW.deleted_at IS NOT NULL OR NEW.data <> OLD.data OR NEW.content_type <> OLD.content_type))
    EXECUTE FUNCTION chat.keep_message();
CREATE TRIGGER message_expires BEFORE DELETE ON chat.message FOR EACH ROW
    WHEN (OLD.kind <> 1 AND OLD.deleted_at IS NULL) EXECUTE FUNCTION chat.keep_message();

-- A kept file is not deleted, but hidden: `stale_at` is '-infinity', and it no longer counts against the quota of its owner.
CREATE FUNCTION chat.hide_kept_file() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM chat.kept_file k WHERE k.file_id = OLD.id) THEN RETURN OLD; END IF;
    UPDATE chat.file f SET stale_at = '-infinity' WHERE f.id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER file_is_kept BEFORE DELETE ON chat.file FOR EACH ROW EXECUTE FUNCTION chat.hide_kept_file();

CREATE OR REPLACE FUNCTION chat.count_file() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was        BOOLEAN := TG_OP <> 'INSERT' AND OLD.stale_at IS DISTINCT FROM '-infinity';
    counts     BOOLEAN := TG_OP <> 'DELETE' AND NEW.stale_at IS DISTINCT FROM '-infinity';
    more_bytes BIGINT  := CASE WHEN counts THEN NEW.size ELSE 0 END - CASE WHEN was THEN OLD.size ELSE 0 END;
    more_files INTEGER := counts::int - was::int;
BEGIN
    UPDATE chat.usage SET file_bytes = file_bytes + more_bytes, files = files + more_files
    WHERE user_id = coalesce(NEW.owner_id, OLD.owner_id);
    RETURN NULL;
END $$;
CREATE TRIGGER file_hides AFTER UPDATE OF stale_at ON chat.file FOR EACH ROW
    WHEN (NEW.stale_at = '-infinity' AND OLD.stale_at IS DISTINCT FROM '-infinity') EXECUTE FUNCTION chat.count_file();

-- A hidden file is deleted with the last copy that has it. The lock lets only one of two transactions see the last copy.
CREATE FUNCTION chat.kept_file_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM chat.file f WHERE f.id = OLD.file_id FOR UPDATE;
    DELETE FROM chat.file f WHERE f.id = OLD.file_id AND f.stale_at = '-infinity'
      AND NOT EXISTS (SELECT FROM chat.kept_file k WHERE k.file_id = OLD.file_id);
    RETURN NULL;
END $$;
CREATE TRIGGER kept_file_ends AFTER DELETE ON chat.kept_file FOR EACH ROW EXECUTE FUNCTION chat.kept_file_ends();

-- Reads the piece of a file that begins at byte `at`, if a hold covers a message that has or had the file.
CREATE FUNCTION chat.held_piece(file UUID, at INTEGER) RETURNS BYTEA
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.data FROM chat.file_chunk c WHERE c.file_id = file AND c.n = at AND (
        EXISTS (SELECT FROM chat.kept_file k WHERE k.file_id = file)
        OR EXISTS (
            SELECT FROM chat.message_file l JOIN chat.message m ON m.channel_id = l.channel_id AND m.seq = l.seq
            WHERE l.file_id = file AND chat.is_held(m.channel_id, m.sender_id)
        )
    )
$$;

REVOKE ALL ON FUNCTION chat.is_held(INTEGER, VARCHAR), chat.keep_message(), chat.hide_kept_file(), chat.kept_file_ends(),
    chat.held_piece(UUID, INTEGER) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.is_held(INTEGER, VARCHAR), chat.held_piece(UUID, INTEGER) TO chat_manager;
GRANT SELECT, INSERT (channel_id, user_id, reason, set_by), UPDATE (released_at), DELETE ON chat.hold TO chat_manager;
GRANT SELECT, DELETE ON chat.kept_message TO chat_manager;
GRANT SELECT ON chat.kept_file TO chat_manager;
GRANT SELECT (in_s3) ON chat.file TO chat_manager;
