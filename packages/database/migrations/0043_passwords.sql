-- Passwords that work once, and e-mail addresses that count only when verified.

-- `one-time`: set by an operator and not used yet. `used`: one session was opened with it, and may only change it.
ALTER TABLE chat.users ADD COLUMN password_state TEXT NOT NULL DEFAULT 'own' CHECK (password_state IN ('own', 'one-time', 'used'));
GRANT SELECT (password_state), UPDATE (password_state) ON chat.users TO chat_user;
GRANT SELECT (password_state) ON chat.users TO chat_manager;

-- Gives a user a one-time password and ends their sessions and seats, for an operator. Returns `done` or the refusal reason.
CREATE FUNCTION chat.reset_password(actor VARCHAR, target VARCHAR, hash VARCHAR) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was RECORD;
BEGIN
    IF NOT EXISTS (SELECT FROM chat.users u WHERE u.id = actor AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'not-operator';
    END IF;
    SELECT u.id, u.role, u.bot INTO was FROM chat.users u
    WHERE lower(u.id) = lower(target) AND u.status <> 'deleted' FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'user-not-found'; END IF;
    IF was.id = actor THEN RETURN 'own-account'; END IF;
    IF was.bot OR was.role = 'guest' THEN RETURN 'no-password'; END IF;
    UPDATE chat.users u SET password_hash = hash, password_state = 'one-time' WHERE u.id = was.id;
    UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = was.id AND s.revoked_at IS NULL;
    DELETE FROM chat.seat t WHERE t.user_id = was.id;
    INSERT INTO chat.audit (actor, action, target) VALUES (actor, 'user.reset-password', was.id);
    RETURN 'done';
END $$;
REVOKE EXECUTE ON FUNCTION chat.reset_password FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.reset_password TO chat_user;

-- An address logs in the one account for which it was verified.
DROP INDEX chat.users_email_folded;
ALTER TABLE chat.users DROP COLUMN email_since;
CREATE UNIQUE INDEX users_email_verified ON chat.users (lower(email)) WHERE email_verified;

-- As in 0028. It also verifies an address, if that is still the user's: the address that the operator has seen is named,
-- so that none that the user enters meanwhile is verified. Bots do not become operators.
DROP FUNCTION chat.set_user;
CREATE FUNCTION chat.set_user(actor VARCHAR, target VARCHAR, to_role TEXT, to_status TEXT, verified VARCHAR DEFAULT NULL) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was RECORD;
    owner OID := (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database());
BEGIN
    PERFORM FROM chat.turn t WHERE t.name = 'administrators' FOR UPDATE;
    IF NOT pg_has_role(session_user, owner, 'MEMBER')
       AND NOT EXISTS (SELECT FROM chat.users u WHERE u.id = actor AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'not-operator';
    END IF;
    SELECT u.role, u.status, u.email, u.bot INTO was FROM chat.users u WHERE u.id = target AND u.status <> 'deleted' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'user-not-found';
    END IF;
    IF was.role = 'guest' AND to_role IS NOT NULL OR was.bot AND to_role = 'admin' THEN
        RETURN 'invalid-profile';
    END IF;
    IF verified IS NOT NULL AND lower(verified) IS DISTINCT FROM lower(was.email) THEN
        RETURN 'email-changed';
    END IF;
    to_role := coalesce(to_role, was.role);
    to_status := coalesce(to_status, was.status);
    IF (to_role <> 'admin' OR to_status <> 'active') AND was.role = 'admin' AND was.status = 'active'
       AND NOT EXISTS (SELECT FROM chat.users u WHERE u.id <> target AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'last-operator';
    END IF;
    BEGIN
        UPDATE chat.users u SET role = to_role, status = to_status, email_verified = u.email_verified OR verified IS NOT NULL WHERE u.id = target;
    EXCEPTION WHEN unique_violation THEN
        RETURN 'email-taken';
    END;
    IF to_status <> 'active' THEN
        UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = target AND s.revoked_at IS NULL;
    END IF;
    INSERT INTO chat.audit (actor, action, target, detail)
    VALUES (actor, 'user.set', target, jsonb_build_object('role', to_role, 'status', to_status, 'was', jsonb_build_array(was.role, was.status))
        || CASE WHEN verified IS NULL THEN '{}' ELSE jsonb_build_object('verified', verified) END);
    RETURN 'done';
END $$;
REVOKE EXECUTE ON FUNCTION chat.set_user FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.set_user TO chat_manager;
