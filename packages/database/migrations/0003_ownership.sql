-- Whose lease can be believed to have lapsed, and channels that nobody needs are given back.

ALTER TABLE chat.server ADD COLUMN lease_since TIMESTAMPTZ NOT NULL DEFAULT now(); -- since then its lease has not lapsed

CREATE FUNCTION chat.lease_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.lease_since := now();
    RETURN NEW;
END $$;
CREATE TRIGGER lease_begins BEFORE UPDATE ON chat.server
    FOR EACH ROW WHEN (OLD.lease_until <= now() AND NEW.lease_until > now()) EXECUTE FUNCTION chat.lease_begins();

-- From when on a lease that lapsed then means that its server is gone. While the database is away, or cut off from everybody, all leases
-- lapse at once, and nobody is gone: what shows it is that no living lease has lasted from before the lapse until now. Then, and after
-- a start of PostgreSQL, everybody has 5 s to come back. NULL: nobody lives, so nothing can be said.
CREATE FUNCTION chat.gone_from(lapsed TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE sql STABLE AS $$
    SELECT greatest(lapsed, pg_postmaster_start_time() + interval '5 s',
      CASE WHEN min(s.lease_since) > lapsed THEN min(s.lease_since) + interval '5 s' END)
    FROM chat.server s WHERE s.lease_until > statement_timestamp() HAVING count(*) > 0
$$;

-- Empty channels have no owner afterwards; the answer names those. Locked like a Listen locks them, so that nobody is let in
-- meanwhile; where one is on its way, or has reserved a seat, the channel stays.
CREATE FUNCTION chat.give_back_empty(me UUID, channels INTEGER[], epochs BIGINT[]) RETURNS SETOF INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one RECORD;
BEGIN
    FOR one IN SELECT * FROM unnest(channels, epochs) AS c (id, epoch) LOOP
        PERFORM FROM chat.channel c WHERE c.id = one.id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        UPDATE chat.channel_head h SET boot_id = NULL
        WHERE h.channel_id = one.id AND h.boot_id = me AND h.epoch = one.epoch
          AND NOT EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = one.id AND t.boot_id = me);
        IF FOUND THEN RETURN NEXT one.id; END IF;
    END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION chat.lease_begins, chat.gone_from, chat.give_back_empty FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.gone_from TO chat_manager;
GRANT EXECUTE ON FUNCTION chat.give_back_empty TO chat_server;
