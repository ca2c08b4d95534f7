-- A device that was away may find that its user was removed and has returned meanwhile. The row of the member then has only
-- the new stay, so the event of a removal describes the stay that it ends: for each user, the log, the seq before the first
-- entry, and the seq of the last one.
CREATE OR REPLACE FUNCTION chat.publish(kind TEXT, channel_id INTEGER, user_ids VARCHAR[], body JSONB) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.event e SET user_ids = e.user_ids || publish.user_ids, body = e.body || publish.body
    WHERE e.txid = pg_current_xact_id() AND e.kind = publish.kind AND e.channel_id = publish.channel_id;
    IF NOT FOUND THEN
        INSERT INTO chat.event (kind, channel_id, user_ids, body) VALUES (publish.kind, publish.channel_id, publish.user_ids, publish.body);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION chat.member_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was_in BOOLEAN := OLD.left_seq IS NULL;
    is_in  BOOLEAN := NEW.left_seq IS NULL;
    body   JSONB := '{}';
BEGIN
    IF was_in AND NOT is_in THEN
        SELECT jsonb_build_object(NEW.user_id, jsonb_build_object('log', h.log_id, 'after', coalesce(OLD.stay_seq, OLD.joined_seq), 'until', NEW.left_seq)) INTO body
        FROM chat.channel_head h WHERE h.channel_id = NEW.channel_id;
    END IF;
    IF was_in OR is_in THEN
        PERFORM chat.publish(CASE WHEN NOT was_in THEN 'member_added' WHEN NOT is_in THEN 'member_removed' ELSE 'member_changed' END,
                             NEW.channel_id, ARRAY[NEW.user_id], coalesce(body, '{}'));
    END IF;
    RETURN NULL;
END $$;
GRANT SELECT (body) ON chat.event TO chat_gateway;
