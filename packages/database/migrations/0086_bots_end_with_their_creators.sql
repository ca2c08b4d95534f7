-- A bot of one channel ends with its creator: when the creator is suspended or deleted, or is no longer in that channel. Bots of
-- operators do not. All bots of a channel end when it is deleted.

-- Ends bots for good: their tokens, sessions and seats. Returns the number of bots that had not ended.
CREATE FUNCTION chat.end_bots(bots VARCHAR[]) RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended VARCHAR[];
BEGIN
    ended := ARRAY(SELECT b.user_id FROM chat.bot b WHERE b.user_id = ANY (bots) AND b.revoked_at IS NULL ORDER BY b.user_id FOR NO KEY UPDATE);
    IF cardinality(ended) = 0 THEN RETURN 0; END IF;
    UPDATE chat.bot b SET revoked_at = now() WHERE b.user_id = ANY (ended);
    UPDATE chat.users u SET status = 'suspended', role = 'user' WHERE u.id = ANY (ended) AND u.status <> 'deleted';
    UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = ANY (ended) AND s.revoked_at IS NULL;
    DELETE FROM chat.seat WHERE id IN (SELECT t.id FROM chat.seat t WHERE t.user_id = ANY (ended) ORDER BY t.id FOR UPDATE);
    RETURN cardinality(ended);
END $$;

-- As in 0068, by end_bots.
CREATE OR REPLACE FUNCTION chat.revoke_bot(actor VARCHAR, target VARCHAR) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.user_id, b.channel_id INTO it FROM chat.bot b JOIN chat.users u ON u.id = b.user_id WHERE lower(u.id) = lower(target);
    IF NOT FOUND OR chat.manages_bots(actor, it.channel_id) <> 'done' AND chat.manages_bots(actor, NULL) <> 'done' THEN
        RETURN 'user-not-found';
    END IF;
    IF chat.end_bots(ARRAY[it.user_id]) > 0 THEN
        INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'bot.revoke', it.user_id, jsonb_build_object('channel', it.channel_id));
    END IF;
    RETURN 'done';
END $$;

CREATE FUNCTION chat.account_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM chat.end_bots(ARRAY(SELECT b.user_id FROM chat.bot b WHERE b.created_by = NEW.id AND b.channel_id IS NOT NULL AND b.revoked_at IS NULL));
    RETURN NULL;
END $$;
CREATE TRIGGER account_ended AFTER UPDATE OF status ON chat.users FOR EACH ROW
    WHEN (OLD.status = 'active' AND NEW.status <> 'active' AND OLD.role <> 'admin') EXECUTE FUNCTION chat.account_ended();

CREATE FUNCTION chat.member_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM chat.end_bots(ARRAY(
        SELECT b.user_id FROM chat.bot b JOIN chat.users u ON u.id = b.created_by AND u.role <> 'admin'
        WHERE b.created_by = NEW.user_id AND b.channel_id = NEW.channel_id AND b.revoked_at IS NULL));
    RETURN NULL;
END $$;
-- A person who was never a member gets a row with a ban. A mute is no end.
CREATE TRIGGER stranger_banned AFTER INSERT ON chat.member FOR EACH ROW
    WHEN (NEW.banned_until IS NOT NULL) EXECUTE FUNCTION chat.member_ended();
CREATE TRIGGER member_ended AFTER UPDATE OF left_seq, banned_until ON chat.member FOR EACH ROW
    WHEN (OLD.left_seq IS NULL AND NEW.left_seq IS NOT NULL OR NEW.banned_until IS NOT NULL AND NEW.banned_until IS DISTINCT FROM OLD.banned_until)
    EXECUTE FUNCTION chat.member_ended();

CREATE FUNCTION chat.channel_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM chat.end_bots(ARRAY(SELECT b.user_id FROM chat.bot b WHERE b.channel_id = NEW.id AND b.revoked_at IS NULL));
    RETURN NULL;
END $$;
CREATE TRIGGER channel_ended AFTER UPDATE OF deleted_at ON chat.channel FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION chat.channel_ended();

REVOKE EXECUTE ON FUNCTION chat.end_bots, chat.account_ended, chat.member_ended, chat.channel_ended FROM PUBLIC;

-- Bots of before.
SELECT chat.end_bots(ARRAY(
    SELECT b.user_id FROM chat.bot b JOIN chat.channel c ON c.id = b.channel_id LEFT JOIN chat.users u ON u.id = b.created_by
    LEFT JOIN chat.member m ON m.channel_id = b.channel_id AND m.user_id = b.created_by
    WHERE b.revoked_at IS NULL AND (c.deleted_at IS NOT NULL OR u.role <> 'admin' AND (
        u.status <> 'active' OR m.banned_until > now() OR m.left_seq IS NOT NULL AND c.kind <> 'room'))));

-- ListBots shows the creator. Every service that authenticates a bot reads whose limits it uses.
GRANT SELECT (created_by) ON chat.bot TO chat_user, chat_server, chat_gateway;
