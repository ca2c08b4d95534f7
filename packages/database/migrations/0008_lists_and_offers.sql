-- Listings in the order of activity, offers that need consent, counts of reactions, what a channel keeps by count, and the step after a restore.

-- ── listings ──────────────────────────────────────────────────────────────────────────────────
-- One narrow row for each channel that strangers may find. `active_at` lags behind the channel by up to a minute, so that neither a message
-- nor a Listen has to move an index entry.
CREATE TABLE chat.listing (
    channel_id  INTEGER     PRIMARY KEY REFERENCES chat.channel (id) ON DELETE CASCADE,
    folded_name TEXT        NOT NULL,
    active_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO chat.listing (channel_id, folded_name, active_at)
    SELECT c.id, lower(c.name), greatest(c.updated_at, h.last_at) FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
    WHERE c.deleted_at IS NULL AND c.kind IN ('room', 'public');
CREATE INDEX listing_active ON chat.listing (active_at, channel_id);
CREATE INDEX listing_name   ON chat.listing (folded_name, active_at, channel_id);
DROP INDEX chat.channel_listed;

CREATE FUNCTION chat.list_channel() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.deleted_at IS NULL AND NEW.kind IN ('room', 'public') THEN
        INSERT INTO chat.listing (channel_id, folded_name) VALUES (NEW.id, lower(NEW.name))
        ON CONFLICT (channel_id) DO UPDATE SET folded_name = excluded.folded_name;
    ELSE
        DELETE FROM chat.listing l WHERE l.channel_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER channel_is_listed AFTER INSERT OR UPDATE OF name, kind, deleted_at ON chat.channel
    FOR EACH ROW EXECUTE FUNCTION chat.list_channel();
GRANT SELECT, UPDATE (active_at) ON chat.listing TO chat_manager;

-- ── offers ────────────────────────────────────────────────────────────────────────────────────
-- What somebody would become in a channel, once that person agrees: its owner, or a member again.
CREATE TABLE chat.offer (
    channel_id INTEGER     NOT NULL REFERENCES chat.channel (id) ON DELETE CASCADE,
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    role       TEXT        NOT NULL CHECK (role IN ('owner', 'member')),
    offered_by VARCHAR(64) NOT NULL REFERENCES chat.users (id),
    lapses_at  TIMESTAMPTZ NOT NULL DEFAULT now() + interval '7 days',
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX offer_user ON chat.offer (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.offer TO chat_manager;

-- Who left comes back only by consent; who was removed may be added again. Of the past nobody knows: they are asked.
ALTER TABLE chat.member ADD COLUMN left_by_choice BOOLEAN NOT NULL DEFAULT false;
UPDATE chat.member SET left_by_choice = true WHERE left_seq > 0;

-- ── reactions ─────────────────────────────────────────────────────────────────────────────────
-- A page of History reads a count for each emoji, not the rows of everybody who reacted.
CREATE TABLE chat.reaction_count (
    channel_id INTEGER     NOT NULL,
    seq        BIGINT      NOT NULL,
    emoji      VARCHAR(64) NOT NULL,
    people     INTEGER     NOT NULL,
    PRIMARY KEY (channel_id, seq, emoji)
);
INSERT INTO chat.reaction_count (channel_id, seq, emoji, people)
    SELECT channel_id, seq, emoji, count(*) FROM chat.reaction GROUP BY channel_id, seq, emoji;

CREATE FUNCTION chat.count_reaction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO chat.reaction_count AS r (channel_id, seq, emoji, people) VALUES (NEW.channel_id, NEW.seq, NEW.emoji, 1)
        ON CONFLICT (channel_id, seq, emoji) DO UPDATE SET people = r.people + 1;
    ELSE
        UPDATE chat.reaction_count r SET people = r.people - 1
        WHERE r.channel_id = OLD.channel_id AND r.seq = OLD.seq AND r.emoji = OLD.emoji;
        DELETE FROM chat.reaction_count r
        WHERE r.channel_id = OLD.channel_id AND r.seq = OLD.seq AND r.emoji = OLD.emoji AND r.people <= 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reaction_is_counted AFTER INSERT OR DELETE ON chat.reaction FOR EACH ROW EXECUTE FUNCTION chat.count_reaction();
GRANT SELECT ON chat.reaction_count TO chat_manager;

-- ── what is kept by count ─────────────────────────────────────────────────────────────────────
-- How many messages a channel holds from `first_seq` to `counted_seq`. Each entry is looked at once. Void where the head has another log
-- or another first seq.
CREATE TABLE chat.kept (
    channel_id  INTEGER PRIMARY KEY REFERENCES chat.channel (id) ON DELETE CASCADE,
    log_id      UUID    NOT NULL,
    first_seq   BIGINT  NOT NULL,
    counted_seq BIGINT  NOT NULL,
    messages    BIGINT  NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.kept TO chat_manager;

-- ── after a restore ───────────────────────────────────────────────────────────────────────────
-- The database has gone back in time; its clients have not. Every channel gets another log, so that no position of before means anything,
-- and another epoch, so that no chat server of before owns anything. Numbers that were given out after the backup are not given again,
-- as long as there were fewer than a million of a kind. Answers how many channels there are.
CREATE FUNCTION chat.restored() RETURNS BIGINT LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counter  RECORD;
    channels BIGINT;
BEGIN
    UPDATE chat.server SET state = 'stopped', lease_until = least(lease_until, now());
    DELETE FROM chat.seat;
    UPDATE chat.channel_head SET log_id = gen_random_uuid(), epoch = epoch + 1000000, boot_id = NULL, roster = roster + 1;
    GET DIAGNOSTICS channels = ROW_COUNT;
    FOR counter IN SELECT s.schemaname, s.sequencename, coalesce(s.last_value, s.start_value) AS at FROM pg_sequences s WHERE s.schemaname = 'chat' LOOP
        PERFORM setval(format('%I.%I', counter.schemaname, counter.sequencename)::regclass, counter.at + 1000000);
    END LOOP;
    INSERT INTO chat.audit (actor, action, target, detail) VALUES ('(database)', 'database.restored', '', jsonb_build_object('channels', channels));
    RETURN channels;
END $$;

REVOKE EXECUTE ON FUNCTION chat.list_channel, chat.count_reaction, chat.restored FROM PUBLIC;
