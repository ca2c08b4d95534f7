-- Guests: people without an account, at the doors of documents 002 and 003. The account of a guest lasts as long as the guest's
-- socket, and no password opens it. A guest has a name that no account has, and that no other guest has at the same time.
CREATE TABLE chat.guest (
    user_id     VARCHAR(64) PRIMARY KEY REFERENCES chat.users (id) ON DELETE CASCADE,
    name        VARCHAR(32) NOT NULL,
    is_numbered BOOLEAN     NOT NULL,                             -- the name is a number that the server has given
    instance_id UUID        NOT NULL,                             -- the gateway that has the socket
    network     TEXT        NOT NULL CHECK (length(network) <= 100), -- from which the guest came
    opened_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX guest_name ON chat.guest (chat.folded(name));
CREATE INDEX guest_network     ON chat.guest (network);
CREATE INDEX guest_gateway     ON chat.guest (instance_id);
GRANT SELECT (user_id, name) ON chat.guest TO chat_gateway;
GRANT SELECT (user_id, name, is_numbered, network, opened_at) ON chat.guest TO chat_manager; -- exports of accounts
GRANT SELECT ON chat.listing TO chat_gateway;
GRANT EXECUTE ON FUNCTION chat.folded TO chat_gateway;
INSERT INTO chat.turn (name) VALUES ('guests');

-- Whether a name, in any case and without accents, belongs to an account.
CREATE FUNCTION chat.is_account_name(wanted VARCHAR) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM chat.users u WHERE u.findable IN (true, false) AND u.folded_id = chat.folded(wanted) AND u.status <> 'deleted')
        OR EXISTS (SELECT FROM chat.users u WHERE u.findable IN (true, false) AND u.folded_name = chat.folded(wanted) AND u.status <> 'deleted')
$$;

-- Opens the account and the session of a guest. Without a name, the guest gets the next number: 0 if no numbered guest is there.
-- The user id contains the name, so that everybody who sees the id knows the name. Returns `done` or the refusal reason.
CREATE FUNCTION chat.open_guest(wanted VARCHAR, instance UUID, from_network TEXT, hash BYTEA, most INTEGER, most_of_network INTEGER,
    OUT outcome TEXT, OUT guest_id VARCHAR, OUT guest_name VARCHAR)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    has_number BOOLEAN := wanted IS NULL;
BEGIN
    PERFORM FROM chat.turn t WHERE t.name = 'guests' FOR UPDATE;
    guest_id := '';
    guest_name := coalesce(wanted, '');
    IF (SELECT count(*) FROM chat.guest) >= most OR (SELECT count(*) FROM chat.guest g WHERE g.network = from_network) >= most_of_network THEN
        outcome := 'too-many-guests';
        RETURN;
    END IF;
    IF has_number THEN
        IF NOT EXISTS (SELECT FROM chat.guest g WHERE g.is_numbered) THEN PERFORM setval('chat.guest_number', 0, false); END IF;
        LOOP
            guest_name := nextval('chat.guest_number')::text;
            EXIT WHEN NOT chat.is_account_name(guest_name) AND NOT EXISTS (SELECT FROM chat.guest g WHERE chat.folded(g.name) = guest_name);
        END LOOP;
    ELSIF chat.is_account_name(guest_name) THEN
        outcome := 'user-id-taken';
        RETURN;
    ELSIF EXISTS (SELECT FROM chat.guest g WHERE chat.folded(g.name) = chat.folded(guest_name)) THEN
        outcome := 'guest-name-taken';
        RETURN;
    END IF;
    guest_id := 'guest.' || CASE WHEN guest_name ~ '^[a-z0-9]+$' THEN guest_name
        ELSE '.' || translate(encode(convert_to(guest_name, 'UTF8'), 'base64'), '+/=' || chr(10), '-_') END
        || '.' || left(replace(gen_random_uuid()::text, '-', ''), 8);
    INSERT INTO chat.users (id, name, password_hash, role, visibility)
        VALUES (guest_id, CASE WHEN has_number THEN 'Guest ' || guest_name ELSE guest_name || ' (guest)' END, '!', 'guest', 'everyone');
    INSERT INTO chat.session (user_id, device, address, expires_at, token_hash)
        VALUES (guest_id, 'guest', from_network, now() + interval '1 day', hash);
    INSERT INTO chat.guest (user_id, name, is_numbered, instance_id, network) VALUES (guest_id, guest_name, has_number, instance, from_network);
    outcome := 'done';
END $$;

-- Ends the account of a guest, as `delete_user` does for others, but keeps the name: it is no personal data, and messages show it.
CREATE FUNCTION chat.close_guest(whom VARCHAR) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.users u SET status = 'deleted', visibility = 'nobody', last_seen_at = NULL
    WHERE u.id = whom AND u.role = 'guest' AND u.status <> 'deleted';
    IF NOT FOUND THEN RETURN; END IF;
    DELETE FROM chat.session s WHERE s.user_id = whom;
    DELETE FROM chat.offer o WHERE o.user_id = whom OR o.offered_by = whom;
    DELETE FROM chat.block b WHERE b.user_id = whom OR b.blocked_id = whom;
    DELETE FROM chat.notification n WHERE n.user_id = whom;
    DELETE FROM chat.guest g WHERE g.user_id = whom;
    INSERT INTO chat.deletion (user_id, purge) VALUES (whom, false);
END $$;

-- Ends the guests of gateways that have ended. Returns how many. A gateway that has just started may not have reported yet.
CREATE FUNCTION chat.close_lost_guests() RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost   VARCHAR;
    closed INTEGER := 0;
BEGIN
    FOR lost IN SELECT g.user_id FROM chat.guest g
        WHERE g.opened_at < now() - interval '10 s'
          AND NOT EXISTS (SELECT FROM chat.gateway w WHERE w.instance_id = g.instance_id AND w.lease_until > now())
        ORDER BY g.user_id LIMIT 100 FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM chat.close_guest(lost);
        closed := closed + 1;
    END LOOP;
    RETURN closed;
END $$;

-- Makes the creations of rooms of one name take turns, until the end of the transaction: guests find rooms by their names.
CREATE FUNCTION chat.lock_room_name(room_name TEXT) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_xact_lock(990, hashtext(lower(room_name)))
$$;

REVOKE EXECUTE ON FUNCTION chat.lock_room_name, chat.is_account_name, chat.open_guest, chat.close_guest, chat.close_lost_guests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.lock_room_name, chat.open_guest, chat.close_guest, chat.close_lost_guests TO chat_gateway;
