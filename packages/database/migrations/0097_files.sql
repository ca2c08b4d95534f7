-- Files, stored in pieces. A piece begins at byte `n` of its file, and the next one where it ends. A file that is not complete
-- has `received` bytes, and its `size` is what it reserves of the quota. From `stale_at` on, nobody can read a file and it is
-- purged: a day after the last change, or at once when no message has it any more. NULL: a message has it.
ALTER TABLE chat.file
    DROP COLUMN sha256,
    ADD COLUMN received INTEGER     NOT NULL DEFAULT 0 CHECK (received >= 0),
    ADD COLUMN stale_at TIMESTAMPTZ DEFAULT now() + interval '1 day',
    ADD CHECK (received <= size);
CREATE INDEX file_stale ON chat.file (stale_at) WHERE stale_at IS NOT NULL;

-- Nothing has used tickets: an EventSource has a cookie.
DROP TABLE chat.ticket;

-- What the files of a user take, reserved bytes included.
ALTER TABLE chat.usage
    ALTER COLUMN bytes SET DEFAULT 0,
    ALTER COLUMN rows  SET DEFAULT 0,
    ADD COLUMN file_bytes BIGINT  NOT NULL DEFAULT 0,
    ADD COLUMN files      INTEGER NOT NULL DEFAULT 0;
CREATE INDEX usage_files ON chat.usage (file_bytes) WHERE file_bytes > 0;

CREATE FUNCTION chat.count_file() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    more_bytes BIGINT  := CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.size END - CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.size END;
    more_files INTEGER := CASE TG_OP WHEN 'INSERT' THEN 1 WHEN 'DELETE' THEN -1 ELSE 0 END;
BEGIN
    UPDATE chat.usage SET file_bytes = file_bytes + more_bytes, files = files + more_files
    WHERE user_id = coalesce(NEW.owner_id, OLD.owner_id);
    RETURN NULL;
END $$;
UPDATE chat.file f SET stale_at = NULL WHERE EXISTS (SELECT FROM chat.message_file l WHERE l.file_id = f.id);
INSERT INTO chat.usage (user_id, file_bytes, files)
    SELECT owner_id, sum(size), count(*) FROM chat.file GROUP BY owner_id
    ON CONFLICT (user_id) DO UPDATE SET file_bytes = excluded.file_bytes, files = excluded.files;
CREATE TRIGGER file_counts AFTER INSERT OR DELETE OR UPDATE OF size ON chat.file FOR EACH ROW EXECUTE FUNCTION chat.count_file();

-- Creates a file that reserves `size` bytes. Returns its id, or the reason why there is no room. Uploads of one user wait for
-- each other here, so that together they stay within the quota.
CREATE FUNCTION chat.create_file(owner VARCHAR, name VARCHAR, size INTEGER, most_bytes BIGINT, most_files INTEGER, most_of_all BIGINT) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used   chat.usage;
    made   UUID;
BEGIN
    INSERT INTO chat.usage (user_id) VALUES (owner) ON CONFLICT DO NOTHING;
    SELECT * INTO used FROM chat.usage u WHERE u.user_id = owner FOR NO KEY UPDATE;
    IF used.file_bytes + size > most_bytes OR used.files >= most_files THEN RETURN 'file-quota'; END IF;
    IF (SELECT coalesce(sum(u.file_bytes), 0) FROM chat.usage u WHERE u.file_bytes > 0) + size > most_of_all THEN RETURN 'files-full'; END IF;
    INSERT INTO chat.file (owner_id, name, content_type, size) VALUES (owner, create_file.name, '', create_file.size) RETURNING id INTO made;
    RETURN made::text;
END $$;
-- The order of the files of a message. A file that is deleted takes its links along.
ALTER TABLE chat.message_file
    ADD COLUMN place SMALLINT NOT NULL DEFAULT 0,
    DROP CONSTRAINT message_file_file_id_fkey,
    ADD FOREIGN KEY (file_id) REFERENCES chat.file (id) ON DELETE CASCADE;

-- A message has only complete files of its sender. The lock on the file keeps a purge away until the commit.
CREATE FUNCTION chat.file_linked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.file f SET stale_at = NULL FROM chat.message m
    WHERE f.id = NEW.file_id AND f.complete AND (f.stale_at IS NULL OR f.stale_at > now())
      AND m.channel_id = NEW.channel_id AND m.seq = NEW.seq AND m.sender_id = f.owner_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'file % is not a complete file of the sender', NEW.file_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER message_file_linked AFTER INSERT ON chat.message_file FOR EACH ROW EXECUTE FUNCTION chat.file_linked();

-- Without the lock, two transactions that remove the last two links would each see the link of the other.
CREATE FUNCTION chat.file_unlinked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM chat.file f WHERE f.id = OLD.file_id FOR NO KEY UPDATE;
    UPDATE chat.file f SET stale_at = now() WHERE f.id = OLD.file_id
      AND NOT EXISTS (SELECT FROM chat.message_file l WHERE l.file_id = OLD.file_id);
    RETURN NULL;
END $$;
CREATE TRIGGER message_file_unlinked AFTER DELETE ON chat.message_file FOR EACH ROW EXECUTE FUNCTION chat.file_unlinked();

CREATE FUNCTION chat.message_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM chat.message_file l WHERE l.channel_id = NEW.channel_id AND l.seq = NEW.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER message_loses_files AFTER UPDATE OF deleted_at ON chat.message FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION chat.message_deleted();

-- Returns the positions, from 0, of the pairs of user and file where the user has no complete file with that id. A chat server
-- cannot list files: it must know their ids.
CREATE FUNCTION chat.unknown_files(owners VARCHAR[], files UUID[]) RETURNS SETOF INTEGER
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (i.n - 1)::int FROM unnest(owners, files) WITH ORDINALITY AS i (owner_id, file_id, n)
    WHERE NOT EXISTS (
        SELECT FROM chat.file f WHERE f.id = i.file_id AND f.owner_id = i.owner_id AND f.complete AND (f.stale_at IS NULL OR f.stale_at > now())
    );
$$;

REVOKE ALL ON FUNCTION chat.create_file(VARCHAR, VARCHAR, INTEGER, BIGINT, INTEGER, BIGINT), chat.unknown_files(VARCHAR[], UUID[]),
    chat.count_file(), chat.file_linked(), chat.file_unlinked(), chat.message_deleted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.create_file(VARCHAR, VARCHAR, INTEGER, BIGINT, INTEGER, BIGINT) TO chat_gateway;
GRANT EXECUTE ON FUNCTION chat.unknown_files(VARCHAR[], UUID[]) TO chat_server;
GRANT SELECT, DELETE, UPDATE (size, content_type, received, complete, stale_at) ON chat.file TO chat_gateway;
GRANT SELECT, INSERT ON chat.file_chunk TO chat_gateway;
GRANT SELECT ON chat.message_file TO chat_gateway, chat_server;
GRANT SELECT (received, stale_at) ON chat.file TO chat_manager;
GRANT SELECT (avatar_id) ON chat.users TO chat_gateway;
GRANT INSERT ON chat.message_file TO chat_server;
