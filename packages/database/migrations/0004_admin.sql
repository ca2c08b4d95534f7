-- When a chat server last reported. Its lease says less: that it may prolong itself.
ALTER TABLE chat.server ADD COLUMN reported_at TIMESTAMPTZ NOT NULL DEFAULT now();

-- Roles and states of accounts change in this way only: somebody is written down for it, sessions end with a suspension, and there is
-- always somebody left to manage. NULL leaves a value as it is. Answers `done`, or the reason why not. A service must name an active
-- administrator; the owner of the database may name whom it likes. The lock comes first, and each statement here sees what was
-- committed before it: two administrators who demote each other take turns.
CREATE FUNCTION chat.set_user(actor VARCHAR, target VARCHAR, to_role TEXT, to_status TEXT) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was RECORD;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('chat.administrators'));
    IF session_user = 'chat_manager'
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
REVOKE EXECUTE ON FUNCTION chat.set_user FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.set_user TO chat_manager;

-- What the function does, a manager does in no other way. It ends no session either.
REVOKE UPDATE (role, status) ON chat.users FROM chat_manager;
REVOKE UPDATE (revoked_at) ON chat.session FROM chat_manager;
REVOKE DELETE ON chat.session FROM chat_manager;

-- Deleted channels, for the retention that ends them a day later.
CREATE INDEX channel_deleted ON chat.channel (deleted_at) WHERE deleted_at IS NOT NULL;
