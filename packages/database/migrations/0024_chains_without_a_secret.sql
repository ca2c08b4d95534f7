-- A chain without a secret can never be named like the chain of a secret, whatever its first key is called.
CREATE OR REPLACE FUNCTION chat.key_succeeds() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last RECORD;
BEGIN
    NEW.secret_hash := CASE WHEN octet_length(NEW.proof) >= 32 THEN sha256(NEW.proof) END;
    NEW.proof := NULL;
    NEW.chain := coalesce(encode(NEW.secret_hash, 'hex'), 'kid:' || NEW.kid);
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
UPDATE chat.server s SET chain = 'kid:' || s.chain FROM chat.signing_key k
    WHERE k.secret_hash IS NULL AND k.purpose = 'chat' AND k.owner = s.boot_id::text AND k.chain = s.chain;
UPDATE chat.signing_key SET chain = 'kid:' || chain WHERE secret_hash IS NULL;
