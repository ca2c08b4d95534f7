-- Incoming webhooks: bots of one channel that only post. Their token is part of the address at which programs post.
ALTER TABLE chat.bot ADD COLUMN is_webhook BOOLEAN NOT NULL DEFAULT false;
GRANT SELECT (is_webhook) ON chat.bot TO chat_user, chat_manager;

-- Creates an incoming webhook with its session. Returns `done` or the refusal reason.
CREATE FUNCTION chat.create_webhook(actor VARCHAR, webhook VARCHAR, webhook_name VARCHAR, channel INTEGER, hash BYTEA, most INTEGER) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    outcome TEXT := chat.create_bot(actor, webhook, webhook_name, channel, hash, most);
BEGIN
    IF outcome = 'done' THEN UPDATE chat.bot b SET is_webhook = true WHERE b.user_id = webhook; END IF;
    RETURN outcome;
END $$;

-- Replaces the session of an incoming webhook, so that its old token ends.
CREATE FUNCTION chat.rotate_webhook(actor VARCHAR, webhook VARCHAR, hash BYTEA) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.user_id, b.channel_id INTO it FROM chat.bot b
    WHERE b.user_id = webhook AND b.is_webhook AND b.revoked_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = webhook AND s.revoked_at IS NULL;
    INSERT INTO chat.session (user_id, device, expires_at, token_hash) VALUES (webhook, 'bot', now() + interval '100 years', hash);
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.rotate', webhook, jsonb_build_object('channel', it.channel_id));
    RETURN true;
END $$;

-- Ends an incoming webhook for good.
CREATE FUNCTION chat.end_webhook(actor VARCHAR, webhook VARCHAR) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.channel_id INTO it FROM chat.bot b WHERE b.user_id = webhook AND b.is_webhook;
    IF NOT FOUND OR chat.end_bots(ARRAY[webhook]) = 0 THEN RETURN false; END IF;
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.revoke', webhook, jsonb_build_object('channel', it.channel_id));
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION chat.create_webhook, chat.rotate_webhook, chat.end_webhook FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.create_webhook, chat.rotate_webhook, chat.end_webhook TO chat_manager;
