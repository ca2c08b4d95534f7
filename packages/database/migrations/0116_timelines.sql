-- expand
-- The PostgreSQL that this database last ran on: the system identifier of its cluster, and its timeline. A promotion of a standby and a
-- point-in-time recovery begin another timeline, and a copy by pg_dump is in another cluster. In each case, the database may lack the
-- latest transactions. `logs_begun` counts how often all channels have got a new log.
CREATE TABLE chat.timeline (
    one        BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    cluster    BIGINT  NOT NULL,
    timeline   INTEGER NOT NULL,
    logs_begun INTEGER NOT NULL DEFAULT 0
);
GRANT SELECT ON chat.timeline TO chat_gateway;

-- Returns the cluster and the timeline of this PostgreSQL, and whether the database has followed it there. NULL on a standby.
CREATE FUNCTION chat.current_timeline(OUT cluster BIGINT, OUT timeline INTEGER, OUT is_followed BOOLEAN)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_is_in_recovery() THEN RETURN; END IF;
    SELECT s.system_identifier INTO cluster FROM pg_control_system() s;
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer;
    is_followed := EXISTS (SELECT FROM chat.timeline t WHERE t.cluster = current_timeline.cluster AND t.timeline = current_timeline.timeline);
END $$;

-- Notes that the database has followed PostgreSQL to its current timeline.
CREATE FUNCTION chat.note_timeline() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO chat.timeline (cluster, timeline) SELECT c.cluster, c.timeline FROM chat.current_timeline() c
    ON CONFLICT (one) DO UPDATE SET cluster = excluded.cluster, timeline = excluded.timeline
$$;

-- Gives every channel a new log, and forgets the events. The event that it inserts looks old enough for earlier ones to have been
-- deleted, so no inbox resumes from a position before it. The purge keeps this event until a later one is as old.
CREATE FUNCTION chat.begin_logs(why TEXT) RETURNS BIGINT
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counter  RECORD;
    channels BIGINT;
BEGIN
    PERFORM chat.note_timeline();
    UPDATE chat.timeline SET logs_begun = logs_begun + 1;
    DELETE FROM chat.seat;
    UPDATE chat.channel_head SET log_id = gen_random_uuid(), epoch = epoch + 1000000, instance_id = NULL, revision = revision + 1;
    GET DIAGNOSTICS channels = ROW_COUNT;
    FOR counter IN SELECT s.schemaname, s.sequencename, coalesce(s.last_value, s.start_value) AS at FROM pg_sequences s WHERE s.schemaname = 'chat' LOOP
        PERFORM setval(format('%I.%I', counter.schemaname, counter.sequencename)::regclass, counter.at + 1000000);
    END LOOP;
    DELETE FROM chat.event;
    INSERT INTO chat.event (kind, at) VALUES ('restored', now() - interval '2 days');
    INSERT INTO chat.audit (actor, action, target, detail) VALUES ('(database)', why, '', jsonb_build_object('channels', channels));
    RETURN channels;
END $$;

-- The chat servers of a backup belong to another system, so they count as stopped.
CREATE OR REPLACE FUNCTION chat.restored() RETURNS BIGINT
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.server SET state = 'stopped', lease_until = least(lease_until, now());
    RETURN chat.begin_logs('database.restored');
END $$;

-- Follows PostgreSQL to its timeline. On the first call ever, only notes the timeline. If the timeline has changed since, gives every
-- channel a new log, once. Of several processes that call it at the same time, one does it, and the others wait. It does nothing that a
-- compromised service could use, so all services may call it.
CREATE FUNCTION chat.follow_timeline() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here RECORD;
BEGIN
    SELECT * INTO here FROM chat.current_timeline();
    INSERT INTO chat.timeline (cluster, timeline) VALUES (here.cluster, here.timeline) ON CONFLICT DO NOTHING;
    PERFORM FROM chat.timeline t WHERE (t.cluster, t.timeline) <> (here.cluster, here.timeline) FOR UPDATE;
    IF FOUND THEN PERFORM chat.begin_logs('database.promoted'); END IF;
END $$;

REVOKE EXECUTE ON FUNCTION chat.current_timeline, chat.note_timeline, chat.begin_logs, chat.restored, chat.follow_timeline FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.current_timeline, chat.follow_timeline TO chat_user, chat_manager, chat_server, chat_gateway;
