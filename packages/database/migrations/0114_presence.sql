-- expand
-- Users with an open inbox at a gateway. A row counts while the lease of the gateway lasts.
CREATE TABLE chat.presence (
    user_id     VARCHAR(64) NOT NULL REFERENCES chat.users ON DELETE CASCADE,
    instance_id UUID        NOT NULL REFERENCES chat.gateway ON DELETE CASCADE,
    PRIMARY KEY (user_id, instance_id)
);
CREATE INDEX presence_of_gateway ON chat.presence (instance_id);

-- Records that users are here. Skips accounts that have ended, and those that are being changed: the next call comes within a minute.
CREATE OR REPLACE FUNCTION chat.save_last_seen(user_ids VARCHAR[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE chat.users SET last_seen_at = now() WHERE id IN (
        SELECT u.id FROM chat.users u WHERE u.id = ANY (user_ids) AND u.status <> 'deleted' ORDER BY u.id FOR NO KEY UPDATE SKIP LOCKED
    )
$$;

-- Records which users have an open inbox at a gateway, and which of them no longer have one. All were seen now.
CREATE FUNCTION chat.save_presence(gateway UUID, here VARCHAR[], gone VARCHAR[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO chat.presence (user_id, instance_id)
    SELECT u.id, g.instance_id FROM chat.users u JOIN chat.gateway g ON g.instance_id = gateway WHERE u.id = ANY (here) ORDER BY u.id
    ON CONFLICT DO NOTHING;
    DELETE FROM chat.presence WHERE instance_id = gateway AND user_id = ANY (gone);
    SELECT chat.save_last_seen(here || gone);
$$;
REVOKE EXECUTE ON FUNCTION chat.save_presence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.save_presence TO chat_gateway;

-- The profile of a user as a reader sees it: blank if they may not. Always one row for a user.
-- `online`: has a live seat at a chat server, or an open inbox at a gateway, whose lease has not lapsed.
CREATE OR REPLACE FUNCTION chat.profile(reader VARCHAR, reader_role TEXT, whom VARCHAR)
RETURNS TABLE (is_visible BOOLEAN, about VARCHAR, avatar_id UUID, last_seen_at TIMESTAMPTZ, online BOOLEAN, bot BOOLEAN)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    u RECORD;
BEGIN
    SELECT x.status, x.visibility, x.about, x.avatar_id, x.last_seen_at, x.bot INTO u FROM chat.users x WHERE x.id = whom;
    IF NOT FOUND THEN RETURN; END IF;
    bot := u.bot;
    is_visible := chat.sees(reader, reader_role, whom, u.status, u.visibility);
    IF is_visible THEN
        about := u.about;
        avatar_id := u.avatar_id;
        last_seen_at := u.last_seen_at;
        online := EXISTS (SELECT FROM chat.seat t JOIN chat.server s ON s.instance_id = t.instance_id AND s.lease_until > now()
                WHERE t.user_id = whom AND t.live)
            OR EXISTS (SELECT FROM chat.presence p JOIN chat.gateway g ON g.instance_id = p.instance_id AND g.lease_until > now()
                WHERE p.user_id = whom);
    ELSE
        about := '';
        online := false;
    END IF;
    RETURN NEXT;
END $$;
