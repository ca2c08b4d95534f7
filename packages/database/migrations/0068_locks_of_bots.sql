-- As in 0044. Checks before it locks: a caller neither locks nor waits for a channel or a bot that appears not to exist.
CREATE OR REPLACE FUNCTION chat.create_bot(actor VARCHAR, bot_id VARCHAR, bot_name VARCHAR, channel INTEGER, hash BYTEA, most INTEGER) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    outcome TEXT;
BEGIN
    outcome := chat.manages_bots(actor, channel);
    IF outcome <> 'done' THEN RETURN outcome; END IF;
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

CREATE OR REPLACE FUNCTION chat.revoke_bot(actor VARCHAR, target VARCHAR) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.user_id, b.channel_id INTO it FROM chat.bot b JOIN chat.users u ON u.id = b.user_id WHERE lower(u.id) = lower(target);
    IF NOT FOUND OR chat.manages_bots(actor, it.channel_id) <> 'done' AND chat.manages_bots(actor, NULL) <> 'done' THEN
        RETURN 'user-not-found';
    END IF;
    PERFORM FROM chat.bot b WHERE b.user_id = it.user_id AND b.revoked_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'done'; END IF;
    UPDATE chat.bot b SET revoked_at = now() WHERE b.user_id = it.user_id;
    UPDATE chat.users u SET status = 'suspended', role = 'user' WHERE u.id = it.user_id AND u.status <> 'deleted';
    UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = it.user_id AND s.revoked_at IS NULL;
    DELETE FROM chat.seat t WHERE t.user_id = it.user_id;
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.revoke', it.user_id, jsonb_build_object('channel', it.channel_id));
    RETURN 'done';
END $$;
