-- The chain of a process's keys is named after its secret, not after its first key: a process whose keys were all lost, or ended by a step
-- of the clock, publishes the next one in the same chain, and its server row still knows it.
CREATE OR REPLACE FUNCTION chat.key_succeeds() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last RECORD;
BEGIN
    NEW.secret_hash := CASE WHEN octet_length(NEW.proof) >= 32 THEN sha256(NEW.proof) END;
    NEW.proof := NULL;
    NEW.chain := coalesce(encode(NEW.secret_hash, 'hex'), NEW.kid);
    SELECT k.chain, k.nth, k.secret_hash INTO last FROM chat.signing_key k
    WHERE k.purpose = NEW.purpose AND k.owner = NEW.owner ORDER BY k.nth DESC LIMIT 1;
    IF NOT FOUND THEN
        NEW.nth := 1;
    ELSIF last.secret_hash = NEW.secret_hash THEN
        NEW.nth := last.nth + 1;
    ELSE
        RAISE insufficient_privilege USING MESSAGE = 'this id has keys already, of a process with another secret';
    END IF;
    RETURN NEW;
END $$;
UPDATE chat.server s SET chain = encode(k.secret_hash, 'hex') FROM chat.signing_key k
    WHERE k.secret_hash IS NOT NULL AND k.purpose = 'chat' AND k.owner = s.boot_id::text AND k.chain = s.chain;
UPDATE chat.signing_key SET chain = encode(secret_hash, 'hex') WHERE secret_hash IS NOT NULL;
