-- Bots: accounts of programs. Their tokens do not expire, and end with a row that can be revoked.
CREATE TABLE chat.bot (
    user_id    VARCHAR(64) PRIMARY KEY REFERENCES chat.users (id) ON DELETE CASCADE,
    channel_id INTEGER     REFERENCES chat.channel (id) ON DELETE CASCADE, -- the only channel that it may be in; NULL: any
    created_by VARCHAR(64) REFERENCES chat.users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    revoked_at TIMESTAMPTZ
);
CREATE INDEX bot_channel ON chat.bot (channel_id, user_id);
CREATE INDEX bot_creator ON chat.bot (created_by);

-- The session of a bot: a caller proves it by a random token of which only the hash is stored.
ALTER TABLE chat.session ADD COLUMN token_hash BYTEA UNIQUE CHECK (octet_length(token_hash) = 32);

-- Whether a user may manage the bots of a channel (NULL: of any). Returns `done`, or the reason why not.
CREATE FUNCTION chat.manages_bots(actor VARCHAR, channel INTEGER) RETURNS TEXT
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me RECORD;
    it RECORD;
BEGIN
    SELECT u.role = 'admin' AS operates, u.bot INTO me FROM chat.users u WHERE u.id = actor AND u.status = 'active';
    IF NOT FOUND THEN RETURN 'not-operator'; END IF;
    IF channel IS NULL THEN RETURN CASE WHEN me.operates THEN 'done' ELSE 'not-operator' END; END IF;
    SELECT c.kind, c.owner_id = actor AND c.kind <> 'direct' AS owns, m.role = 'admin' AS administers, m.user_id IS NOT NULL AS belongs INTO it
    FROM chat.channel c LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = actor AND m.left_seq IS NULL
    WHERE c.id = channel AND c.deleted_at IS NULL;
    IF NOT FOUND OR NOT (me.operates OR it.belongs OR it.owns OR it.kind IN ('room', 'public')) THEN RETURN 'channel-not-found'; END IF;
    IF it.kind = 'direct' THEN RETURN 'wrong-kind'; END IF;
    IF me.operates OR NOT me.bot AND (it.owns OR it.administers) THEN RETURN 'done'; END IF;
    RETURN 'not-channel-admin';
END $$;

-- Creates a bot with its session. Returns `done` or the refusal reason. A channel and a creator who is no operator have at
-- most so many bots that were not revoked; the lock on the channel or the creator makes creations take turns.
CREATE FUNCTION chat.create_bot(actor VARCHAR, bot_id VARCHAR, bot_name VARCHAR, channel INTEGER, hash BYTEA, most INTEGER) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    outcome TEXT;
BEGIN
    PERFORM FROM chat.channel c WHERE c.id = channel FOR NO KEY UPDATE;
    PERFORM FROM chat.users u WHERE u.id = actor FOR NO KEY UPDATE;
    outcome := chat.manages_bots(actor, channel);
    IF outcome <> 'done' THEN RETURN outcome; END IF;
    IF channel IS NOT NULL AND greatest(
        (SELECT count(*) FROM chat.bot b WHERE b.channel_id = channel AND b.revoked_at IS NULL),
        (SELECT count(*) FROM chat.bot b JOIN chat.users u ON u.id = b.created_by AND u.role <> 'admin'
         WHERE b.created_by = actor AND b.revoked_at IS NULL)) >= most THEN
        RETURN 'too-many-bots';
    END IF;
    BEGIN
        INSERT INTO chat.users (id, name, password_hash, bot) VALUES (bot_id, bot_name, '!', true);
    EXCEPTION WHEN unique_violation THEN
        RETURN 'user-id-taken';
    END;
    INSERT INTO chat.bot (user_id, channel_id, created_by) VALUES (bot_id, channel, actor);
    INSERT INTO chat.session (user_id, device, expires_at, token_hash) VALUES (bot_id, 'bot', now() + interval '100 years', hash);
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.create', bot_id, jsonb_build_object('channel', channel));
    RETURN 'done';
END $$;

-- Ends a bot for good. Whoever may not manage it learns no more than that there is no such bot.
CREATE FUNCTION chat.revoke_bot(actor VARCHAR, target VARCHAR) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.user_id, b.channel_id, b.revoked_at INTO it FROM chat.bot b JOIN chat.users u ON u.id = b.user_id
    WHERE lower(u.id) = lower(target) FOR NO KEY UPDATE OF b;
    IF NOT FOUND OR chat.manages_bots(actor, it.channel_id) <> 'done' AND chat.manages_bots(actor, NULL) <> 'done' THEN
        RETURN 'user-not-found';
    END IF;
    IF it.revoked_at IS NOT NULL THEN RETURN 'done'; END IF;
    UPDATE chat.bot b SET revoked_at = now() WHERE b.user_id = it.user_id;
    UPDATE chat.users u SET status = 'suspended', role = 'user' WHERE u.id = it.user_id AND u.status <> 'deleted';
    UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = it.user_id AND s.revoked_at IS NULL;
    DELETE FROM chat.seat t WHERE t.user_id = it.user_id;
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.revoke', it.user_id, jsonb_build_object('channel', it.channel_id));
    RETURN 'done';
END $$;

REVOKE EXECUTE ON FUNCTION chat.manages_bots, chat.create_bot, chat.revoke_bot FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.manages_bots, chat.create_bot, chat.revoke_bot TO chat_user;
GRANT SELECT (user_id, channel_id, revoked_at) ON chat.bot TO chat_user;
GRANT SELECT (user_id, channel_id) ON chat.bot TO chat_manager;
