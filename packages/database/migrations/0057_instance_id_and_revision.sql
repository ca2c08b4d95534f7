-- Names two columns as the contract and the code do: the id of one run of a chat server is its instance id, and the
-- number that counts the changes of members and settings is the revision of the head.
ALTER TABLE chat.server RENAME COLUMN boot_id TO instance_id;
ALTER TABLE chat.channel_head RENAME COLUMN boot_id TO instance_id;
ALTER TABLE chat.channel_head RENAME COLUMN roster TO revision;
ALTER TABLE chat.seat RENAME COLUMN boot_id TO instance_id;
ALTER INDEX chat.channel_head_boot RENAME TO channel_head_instance;
ALTER INDEX chat.seat_boot RENAME TO seat_instance;

CREATE OR REPLACE FUNCTION chat.give_back(me UUID, channel INTEGER, at_epoch BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.channel_head h SET instance_id = NULL
    WHERE h.channel_id = channel AND h.instance_id = me AND h.epoch = at_epoch;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION chat.give_back_empty(me UUID, channels INTEGER[], epochs BIGINT[]) RETURNS SETOF INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one RECORD;
BEGIN
    FOR one IN SELECT * FROM unnest(channels, epochs) AS c (id, epoch) LOOP
        PERFORM FROM chat.channel c WHERE c.id = one.id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        UPDATE chat.channel_head h SET instance_id = NULL
        WHERE h.channel_id = one.id AND h.instance_id = me AND h.epoch = one.epoch
          AND NOT EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = one.id AND t.instance_id = me);
        IF FOUND THEN RETURN NEXT one.id; END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION chat.restored() RETURNS BIGINT
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counter  RECORD;
    channels BIGINT;
BEGIN
    UPDATE chat.server SET state = 'stopped', lease_until = least(lease_until, now());
    DELETE FROM chat.seat;
    UPDATE chat.channel_head SET log_id = gen_random_uuid(), epoch = epoch + 1000000, instance_id = NULL, revision = revision + 1;
    GET DIAGNOSTICS channels = ROW_COUNT;
    FOR counter IN SELECT s.schemaname, s.sequencename, coalesce(s.last_value, s.start_value) AS at FROM pg_sequences s WHERE s.schemaname = 'chat' LOOP
        PERFORM setval(format('%I.%I', counter.schemaname, counter.sequencename)::regclass, counter.at + 1000000);
    END LOOP;
    INSERT INTO chat.audit (actor, action, target, detail) VALUES ('(database)', 'database.restored', '', jsonb_build_object('channels', channels));
    RETURN channels;
END $$;

CREATE OR REPLACE FUNCTION chat.renew_lease(me UUID, secret BYTEA, life INTERVAL) RETURNS TIMESTAMPTZ
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE chat.server s SET lease_until = CASE WHEN s.lease_until > now() + interval '30 s' THEN now() + least(life, interval '30 s')
        ELSE greatest(s.lease_until, now() + least(life, interval '30 s')) END
    WHERE s.instance_id = me AND s.state <> 'stopped' AND EXISTS (
        SELECT FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = me::text AND k.chain = s.chain AND k.secret_hash = sha256(secret)
    ) RETURNING s.lease_until
$$;
