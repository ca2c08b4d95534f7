-- Each member of a chat made an event of its own, so an addition of 100 users was one entry of the log and 100 events. A
-- transaction has one event of a kind for a channel, with all users whom it concerns. No reader has seen the event that
-- grows here: its transaction is still running. Events are written at once: publish takes no lock that a commit must free soon.
CREATE INDEX event_subject ON chat.event (txid, channel_id);
CREATE OR REPLACE FUNCTION chat.publish(kind TEXT, channel_id INTEGER, user_ids VARCHAR[], body JSONB) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.event e SET user_ids = e.user_ids || publish.user_ids, body = publish.body
    WHERE e.txid = pg_current_xact_id() AND e.kind = publish.kind AND e.channel_id = publish.channel_id;
    IF NOT FOUND THEN
        INSERT INTO chat.event (kind, channel_id, user_ids, body) VALUES (publish.kind, publish.channel_id, publish.user_ids, publish.body);
    END IF;
END $$;

DROP TRIGGER channel_changed ON chat.channel;
CREATE TRIGGER channel_changed AFTER INSERT OR UPDATE ON chat.channel FOR EACH ROW EXECUTE FUNCTION chat.channel_changed();

CREATE FUNCTION chat.members_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM chat.publish('member_added', i.channel_id, array_agg(i.user_id ORDER BY i.user_id), '{}')
    FROM inserted i WHERE i.left_seq IS NULL GROUP BY i.channel_id;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION chat.members_added FROM PUBLIC;
CREATE TRIGGER members_added AFTER INSERT ON chat.member REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION chat.members_added();

CREATE OR REPLACE FUNCTION chat.member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_in BOOLEAN := OLD.left_seq IS NULL;
    is_in  BOOLEAN := NEW.left_seq IS NULL;
BEGIN
    IF was_in OR is_in THEN
        PERFORM chat.publish(CASE WHEN NOT was_in THEN 'member_added' WHEN NOT is_in THEN 'member_removed' ELSE 'member_changed' END,
                             NEW.channel_id, ARRAY[NEW.user_id], '{}');
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER member_changed ON chat.member;
CREATE TRIGGER member_changed AFTER UPDATE OF left_seq, role, muted_until, banned_until ON chat.member
    FOR EACH ROW EXECUTE FUNCTION chat.member_changed();
