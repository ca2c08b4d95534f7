-- Each role keeps the rights that its service uses and no other, keys and leases belong to one process, and a clock that is set costs seconds.

-- ── keys ──────────────────────────────────────────────────────────────────────────────────────
-- The first key of an id wins. Later keys of the same id need the secret of the process that made the first one. The process gives it as
-- `proof` with each key; only its hash is stored.
ALTER TABLE chat.signing_key
    ADD COLUMN chain       TEXT,                                   -- kid of the first key of this id
    ADD COLUMN nth         INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN secret_hash BYTEA,
    ADD COLUMN proof       BYTEA CHECK (proof IS NULL);            -- input of the trigger, never stored
UPDATE chat.signing_key k SET chain = o.chain, nth = o.nth FROM (
    SELECT kid, first_value(kid) OVER w AS chain, row_number() OVER w AS nth FROM chat.signing_key
    WINDOW w AS (PARTITION BY purpose, owner ORDER BY created_at, kid)
) o WHERE o.kid = k.kid;
ALTER TABLE chat.signing_key ALTER COLUMN chain SET NOT NULL;
CREATE UNIQUE INDEX signing_key_of_owner ON chat.signing_key (purpose, owner, nth);

-- A key lives as long as its tokens need: hours for service tokens, which live for a minute. Processes that run now keep theirs for a day.
ALTER TABLE chat.signing_key DROP CONSTRAINT key_life;
UPDATE chat.signing_key SET expires_at = least(expires_at, now() + CASE purpose
    WHEN 'user' THEN interval '9 days' WHEN 'join' THEN interval '3 days' ELSE interval '1 day' END);
ALTER TABLE chat.signing_key ADD CONSTRAINT key_life CHECK (expires_at <= created_at + CASE purpose
    WHEN 'user' THEN interval '10 days' WHEN 'join' THEN interval '3 days' ELSE interval '6 hours' END) NOT VALID;

CREATE FUNCTION chat.key_succeeds() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last RECORD;
BEGIN
    SELECT k.chain, k.nth, k.secret_hash INTO last FROM chat.signing_key k
    WHERE k.purpose = NEW.purpose AND k.owner = NEW.owner ORDER BY k.nth DESC LIMIT 1;
    IF NOT FOUND THEN
        NEW.chain := NEW.kid;
        NEW.nth := 1;
    ELSIF last.secret_hash = sha256(NEW.proof) THEN
        NEW.chain := last.chain;
        NEW.nth := last.nth + 1;
    ELSE
        RAISE insufficient_privilege USING MESSAGE = 'this id has keys already, of a process with another secret';
    END IF;
    NEW.secret_hash := CASE WHEN octet_length(NEW.proof) >= 32 THEN sha256(NEW.proof) END;
    NEW.proof := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER key_succeeds BEFORE INSERT ON chat.signing_key FOR EACH ROW EXECUTE FUNCTION chat.key_succeeds();
REVOKE EXECUTE ON FUNCTION chat.key_succeeds FROM PUBLIC;
GRANT INSERT (proof) ON chat.signing_key TO chat_user, chat_manager, chat_server;

-- ── servers ───────────────────────────────────────────────────────────────────────────────────
ALTER TABLE chat.server ADD COLUMN chain TEXT;                     -- of the keys of the process that registered it
UPDATE chat.server s SET chain = (SELECT k.chain FROM chat.signing_key k
    WHERE k.purpose = 'chat' AND k.owner = s.boot_id::text ORDER BY k.nth DESC LIMIT 1);

-- Only the process itself renews its lease: it knows the secret behind its keys. NULL = no such server, another secret, or it said goodbye.
DROP FUNCTION chat.renew_lease;
CREATE FUNCTION chat.renew_lease(me UUID, secret BYTEA, life INTERVAL) RETURNS TIMESTAMPTZ
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE chat.server s SET lease_until = CASE WHEN s.lease_until > now() + interval '30 s' THEN now() + least(life, interval '30 s')
        ELSE greatest(s.lease_until, now() + least(life, interval '30 s')) END
    WHERE s.boot_id = me AND s.state <> 'stopped' AND EXISTS (
        SELECT FROM chat.signing_key k WHERE k.purpose = 'chat' AND k.owner = me::text AND k.chain = s.chain AND k.secret_hash = sha256(secret)
    ) RETURNING s.lease_until
$$;
REVOKE EXECUTE ON FUNCTION chat.renew_lease FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.renew_lease TO chat_server;

-- As in 0003, and times that lie ahead because the clock was set back count as now: nobody waits longer than 5 s.
CREATE OR REPLACE FUNCTION chat.gone_from(lapsed TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE sql STABLE AS $$
    SELECT least(statement_timestamp() + interval '5 s', greatest(lapsed,
      CASE WHEN pg_postmaster_start_time() <= statement_timestamp() THEN pg_postmaster_start_time() + interval '5 s' END,
      CASE WHEN min(least(s.lease_since, statement_timestamp())) > lapsed THEN min(least(s.lease_since, statement_timestamp())) + interval '5 s' END))
    FROM chat.server s WHERE s.lease_until > statement_timestamp() HAVING count(*) > 0
$$;

-- ── turns ─────────────────────────────────────────────────────────────────────────────────────
-- An advisory lock can be held by every role. Rows of this table can be locked by the functions of the owner alone.
CREATE TABLE chat.turn (name TEXT PRIMARY KEY);
INSERT INTO chat.turn VALUES ('event'), ('administrators');
CREATE TABLE chat.upkeep_turn (name TEXT PRIMARY KEY);
INSERT INTO chat.upkeep_turn VALUES ('retention');
GRANT SELECT, UPDATE (name) ON chat.upkeep_turn TO chat_manager;

CREATE OR REPLACE FUNCTION chat.publish(kind TEXT, channel_id INTEGER, user_ids VARCHAR[], body JSONB) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM chat.turn t WHERE t.name = 'event' FOR UPDATE;
    INSERT INTO chat.event (kind, channel_id, user_ids, body) VALUES (kind, channel_id, user_ids, body);
    PERFORM pg_notify('chat_event', '');
END $$;

-- As in 0004. The owner of the database, and whoever may become it, may name whom it likes; everybody else must name an active
-- administrator, whatever their login is called.
CREATE OR REPLACE FUNCTION chat.set_user(actor VARCHAR, target VARCHAR, to_role TEXT, to_status TEXT) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was RECORD;
    owner OID := (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database());
BEGIN
    PERFORM FROM chat.turn t WHERE t.name = 'administrators' FOR UPDATE;
    IF NOT pg_has_role(session_user, owner, 'MEMBER')
       AND NOT EXISTS (SELECT FROM chat.users u WHERE u.id = actor AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'not-an-administrator';
    END IF;
    SELECT u.role, u.status INTO was FROM chat.users u WHERE u.id = target AND u.status <> 'deleted' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'user-not-found';
    END IF;
    IF was.role = 'guest' AND to_role IS NOT NULL THEN
        RETURN 'invalid-profile';
    END IF;
    to_role := coalesce(to_role, was.role);
    to_status := coalesce(to_status, was.status);
    IF (to_role <> 'admin' OR to_status <> 'active') AND was.role = 'admin' AND was.status = 'active'
       AND NOT EXISTS (SELECT FROM chat.users u WHERE u.id <> target AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'last-administrator';
    END IF;
    UPDATE chat.users u SET role = to_role, status = to_status WHERE u.id = target;
    IF to_status <> 'active' THEN
        UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = target AND s.revoked_at IS NULL;
    END IF;
    INSERT INTO chat.audit (actor, action, target, detail)
    VALUES (actor, 'user.set', target, jsonb_build_object('role', to_role, 'status', to_status, 'was', jsonb_build_array(was.role, was.status)));
    RETURN 'done';
END $$;

-- ── accounts ──────────────────────────────────────────────────────────────────────────────────
-- Nobody has proved that an e-mail address is theirs, so it identifies nobody: two accounts may name the same one, and Register cannot tell.
DROP INDEX chat.users_email_folded;
ALTER TABLE chat.session ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT ''; -- where its login came from, as throttles count addresses

-- ── rights ────────────────────────────────────────────────────────────────────────────────────
REVOKE ALL ON ALL TABLES IN SCHEMA chat FROM chat_gateway, chat_user;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA chat FROM chat_gateway, chat_user;
REVOKE EXECUTE ON FUNCTION chat.publish FROM chat_gateway, chat_user;
GRANT SELECT ON chat.migration TO chat_gateway, chat_user;

-- The gateway verifies join tokens and dials living chat servers.
GRANT SELECT ON chat.signing_key TO chat_gateway;
GRANT SELECT (internal_addr, lease_until, state) ON chat.server TO chat_gateway;
DROP POLICY gate_keys ON chat.signing_key;

GRANT SELECT, INSERT (kid, purpose, owner, public_jwk, expires_at, proof) ON chat.signing_key TO chat_user;
GRANT SELECT (id, name, password_hash, number, email, role, status, about, avatar_id, visibility, last_seen_at),
      INSERT (id, name, password_hash, email), UPDATE (name, password_hash, email, about, avatar_id, visibility) ON chat.users TO chat_user;
GRANT SELECT, INSERT (user_id, device, address, expires_at), UPDATE (revoked_at), DELETE ON chat.session TO chat_user;
GRANT SELECT, INSERT, UPDATE (tat) ON chat.rate TO chat_user;
GRANT SELECT (id, user_id, session_id, live), DELETE ON chat.seat TO chat_user;
GRANT SELECT (channel_id, user_id, left_seq) ON chat.member TO chat_user;
GRANT SELECT (id, owner_id, complete) ON chat.file TO chat_user;

REVOKE ALL ON chat.invite, chat.notification, chat.ticket, chat.file, chat.event FROM chat_manager;
REVOKE INSERT, UPDATE, DELETE ON chat.reaction, chat.message_file FROM chat_manager;
REVOKE DELETE ON chat.channel_head, chat.member FROM chat_manager;
REVOKE UPDATE ON chat.message FROM chat_manager;
GRANT UPDATE (deleted_at) ON chat.message TO chat_manager;         -- retention locks what it deletes; a lock needs the right to update
REVOKE SELECT ON chat.users FROM chat_manager;
GRANT SELECT (id, name, number, role, status, visibility, last_seen_at) ON chat.users TO chat_manager;

REVOKE ALL ON chat.file, chat.message_file, chat.notification FROM chat_server;
REVOKE UPDATE ON chat.member FROM chat_server;
REVOKE ALL ON chat.users FROM chat_server;                         -- without a right to update it locks no account
GRANT SELECT (id, name, number, role, status) ON chat.users TO chat_server;

-- No role keeps anything in a session or beside the schema: no temporary tables, no large objects, no advisory locks.
-- The functions are the superuser's: where the migrations run without that right, they stay as they are.
DO $$ DECLARE f REGPROCEDURE; BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.proname ~ '^(lo_creat|lo_create|lo_from_bytea|pg_(try_)?advisory_.*lock(_shared)?)$' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO CURRENT_USER', f);
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'large objects and advisory locks stay open to the service roles';
END $$;
