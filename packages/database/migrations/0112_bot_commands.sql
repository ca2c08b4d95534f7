-- The commands that a bot handles: messages that begin with `/name`. Clients suggest them; services do not parse messages.
CREATE TABLE chat.bot_command (
    bot_id      VARCHAR(64)  NOT NULL REFERENCES chat.bot (user_id) ON DELETE CASCADE,
    name        VARCHAR(32)  NOT NULL,
    description VARCHAR(100) NOT NULL,
    PRIMARY KEY (bot_id, name)
);
GRANT SELECT ON chat.bot_command TO chat_manager;

-- Replaces the commands of a bot, for the bot itself and for users who may manage it. Others learn no more than that there is no
-- such bot. An end of the bot meanwhile waits for the lock, or is seen after it. Returns `done` or the refusal reason.
CREATE FUNCTION chat.set_bot_commands(actor VARCHAR, target VARCHAR, names VARCHAR[], descriptions VARCHAR[]) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it RECORD;
BEGIN
    SELECT b.user_id, b.channel_id INTO it FROM chat.bot b JOIN chat.users u ON u.id = b.user_id WHERE lower(u.id) = lower(target) AND NOT b.is_webhook;
    IF NOT FOUND OR it.user_id <> actor AND chat.manages_bots(actor, it.channel_id) <> 'done' AND chat.manages_bots(actor, NULL) <> 'done' THEN
        RETURN 'user-not-found';
    END IF;
    PERFORM FROM chat.users u WHERE u.id = it.user_id FOR NO KEY UPDATE;
    PERFORM FROM chat.bot b JOIN chat.users u ON u.id = b.user_id WHERE b.user_id = it.user_id AND b.revoked_at IS NULL AND u.status <> 'deleted';
    IF NOT FOUND THEN RETURN 'user-not-found'; END IF;
    DELETE FROM chat.bot_command c WHERE c.bot_id = it.user_id;
    INSERT INTO chat.bot_command (bot_id, name, description) SELECT it.user_id, c.name, c.description FROM unnest(names, descriptions) AS c (name, description);
    RETURN 'done';
END $$;
REVOKE EXECUTE ON FUNCTION chat.set_bot_commands FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.set_bot_commands TO chat_user;

-- Deletes the commands of a bot that has ended for good. A suspended bot keeps them.
CREATE FUNCTION chat.commands_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM chat.bot_command c WHERE c.bot_id = NEW.id
        AND (NEW.status = 'deleted' OR EXISTS (SELECT FROM chat.bot b WHERE b.user_id = NEW.id AND b.revoked_at IS NOT NULL));
    RETURN NULL;
END $$;
CREATE TRIGGER commands_ended AFTER UPDATE OF status ON chat.users FOR EACH ROW
    WHEN (NEW.bot AND NEW.status <> 'active') EXECUTE FUNCTION chat.commands_ended();
REVOKE EXECUTE ON FUNCTION chat.commands_ended FROM PUBLIC;
