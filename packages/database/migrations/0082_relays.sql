-- Gateways sign service tokens, with which they open relays to chat servers and ask managers for
-- the owner of a channel.
GRANT INSERT (kid, purpose, owner, public_jwk, expires_at, proof) ON chat.signing_key TO chat_gateway;
CREATE POLICY gate_keys ON chat.signing_key FOR INSERT TO chat_gateway WITH CHECK (purpose = 'gateway');

-- Chat servers verify the tokens of the users in whose name a relay sends.
GRANT SELECT (token_hash) ON chat.session TO chat_server;
GRANT SELECT (user_id, channel_id, revoked_at) ON chat.bot TO chat_server;
GRANT SELECT (password_state) ON chat.users TO chat_server;

-- Locate reserves a channel for its owner without a seat. Until then the owner does not give the
-- channel back as empty.
ALTER TABLE chat.channel_head ADD COLUMN reserved_until TIMESTAMPTZ;

-- A reservation lasts at most 10 s, so a later time comes from a clock that was set back.
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
          AND coalesce(h.reserved_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '10 s', true)
          AND NOT EXISTS (SELECT FROM chat.seat t WHERE t.channel_id = one.id AND t.instance_id = me);
        IF FOUND THEN RETURN NEXT one.id; END IF;
    END LOOP;
END $$;
