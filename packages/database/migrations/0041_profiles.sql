-- The one rule of what a user shows of themselves, for every service.
ALTER TABLE chat.users
    ADD COLUMN bot            BOOLEAN NOT NULL DEFAULT false,   -- the account of a program
    ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT false;

-- Whether two users belong to one chat.
CREATE FUNCTION chat.are_contacts(reader VARCHAR, whom VARCHAR) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id) JOIN chat.channel c ON c.id = mine.channel_id
        WHERE mine.user_id = reader AND mine.left_seq IS NULL AND theirs.user_id = whom AND theirs.left_seq IS NULL
          AND c.deleted_at IS NULL)
$$;

-- Whether a reader may see the profile of a user with this status and visibility.
CREATE FUNCTION chat.sees(reader VARCHAR, reader_role TEXT, whom VARCHAR, status TEXT, visibility TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF whom = reader OR reader_role = 'admin' THEN RETURN true; END IF;
    IF status = 'deleted' OR visibility = 'nobody' THEN RETURN false; END IF;
    IF visibility = 'everyone' THEN RETURN true; END IF;
    IF visibility = 'users' THEN RETURN reader_role <> 'guest'; END IF;
    RETURN chat.are_contacts(reader, whom);
END $$;

-- The profile of a user as a reader sees it: blank if they may not. Always one row for a user.
-- `online`: has a live seat at a chat server whose lease has not lapsed.
CREATE FUNCTION chat.profile(reader VARCHAR, reader_role TEXT, whom VARCHAR)
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
            WHERE t.user_id = whom AND t.live);
    ELSE
        about := '';
        online := false;
    END IF;
    RETURN NEXT;
END $$;

REVOKE EXECUTE ON FUNCTION chat.are_contacts, chat.sees, chat.profile FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.sees, chat.profile TO chat_user, chat_manager;
GRANT SELECT (bot, email_verified), UPDATE (email_verified) ON chat.users TO chat_user;

-- The functions read the members now.
REVOKE SELECT (channel_id, user_id, left_seq) ON chat.member FROM chat_user;
