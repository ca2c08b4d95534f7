-- Redefines chat.set_user of 0009: it returns the reasons `not-operator` and `last-operator`.
CREATE OR REPLACE FUNCTION chat.set_user(actor VARCHAR, target VARCHAR, to_role TEXT, to_status TEXT) RETURNS TEXT
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
        RETURN 'last-operator';
    END IF;
    UPDATE chat.users u SET role = to_role, status = to_status WHERE u.id = target;
    IF to_status <> 'active' THEN
        UPDATE chat.session s SET revoked_at = now() WHERE s.user_id = target AND s.revoked_at IS NULL;
    END IF;
    INSERT INTO chat.audit (actor, action, target, detail)
    VALUES (actor, 'user.set', target, jsonb_build_object('role', to_role, 'status', to_status, 'was', jsonb_build_array(was.role, was.status)));
    RETURN 'done';
END $$;
