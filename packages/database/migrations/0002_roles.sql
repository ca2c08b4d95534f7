-- One database role per service. Its password is the only secret a process needs: signing keys are made at boot and only their
-- public halves are written here. Roles belong to the whole cluster, so another database may be making them at this very moment.
DO $$ DECLARE r TEXT; BEGIN
  FOREACH r IN ARRAY ARRAY['chat_user', 'chat_manager', 'chat_server', 'chat_gateway'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I NOLOGIN', r); END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;
GRANT USAGE ON SCHEMA chat TO chat_user, chat_manager, chat_server, chat_gateway;
GRANT SELECT ON chat.migration TO chat_user, chat_manager, chat_server, chat_gateway; -- "is this schema mine?" at start
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA chat FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.publish TO chat_user, chat_manager, chat_gateway;

-- ── who may sign what ─────────────────────────────────────────────────────────────────────────
-- created_at cannot be given, so key_life counts from the database's clock.
GRANT SELECT, INSERT (kid, purpose, owner, public_jwk, expires_at) ON chat.signing_key TO chat_user, chat_manager, chat_server, chat_gateway;
GRANT DELETE ON chat.signing_key TO chat_manager;
ALTER TABLE chat.signing_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_keys ON chat.signing_key FOR SELECT USING (true);
CREATE POLICY user_keys ON chat.signing_key FOR INSERT TO chat_user    WITH CHECK (purpose = 'user');
CREATE POLICY join_keys ON chat.signing_key FOR INSERT TO chat_manager WITH CHECK (purpose IN ('join', 'manager'));
CREATE POLICY chat_keys ON chat.signing_key FOR INSERT TO chat_server  WITH CHECK (purpose = 'chat');
CREATE POLICY gate_keys ON chat.signing_key FOR INSERT TO chat_gateway WITH CHECK (purpose = 'gateway');
CREATE POLICY old_keys  ON chat.signing_key FOR DELETE TO chat_manager USING (expires_at < now());

-- ── user-service: people, sessions, throttles ─────────────────────────────────────────────────
GRANT SELECT, INSERT, UPDATE         ON chat.users TO chat_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.session, chat.rate TO chat_user;
GRANT SELECT, DELETE                 ON chat.seat TO chat_user;         -- Logout ends seats
GRANT SELECT (channel_id, user_id, left_seq) ON chat.member TO chat_user; -- visibility "contacts": people of the same chat
GRANT SELECT                         ON chat.file TO chat_user;         -- whose avatar
GRANT INSERT                         ON chat.audit TO chat_user;
GRANT USAGE                          ON SEQUENCE chat.guest_number TO chat_user;

-- ── manager: channels, members, seats, servers, history ───────────────────────────────────────
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.server, chat.channel, chat.channel_head, chat.member, chat.seat, chat.rate, chat.invite,
      chat.message, chat.reaction, chat.message_file, chat.notification TO chat_manager;
GRANT SELECT, DELETE                 ON chat.event TO chat_manager;     -- written by chat.publish only
GRANT SELECT, INSERT                 ON chat.audit TO chat_manager;     -- nobody but the owner rewrites it
GRANT SELECT, DELETE                 ON chat.session TO chat_manager;
GRANT SELECT, DELETE                 ON chat.ticket TO chat_manager;
GRANT SELECT                         ON chat.file TO chat_manager;
GRANT SELECT (id, name, number, role, status, about, avatar_id, visibility, metadata, created_at, last_seen_at) ON chat.users TO chat_manager;
GRANT UPDATE (role, status, last_seen_at) ON chat.users TO chat_manager;
GRANT UPDATE (revoked_at)            ON chat.session TO chat_manager;
GRANT USAGE                          ON SEQUENCE chat.channel_id_seq TO chat_manager;

-- ── chat server: the largest attack surface, the smallest role ────────────────────────────────
-- Still too wide, for SECURITY.md: its password is shared by all chat servers, so the boot id is its own word. A stolen chat server
-- can write a message or an edit in anybody's name, move last_seq and the watermarks of any channel, take or end any seat, and give
-- back channels of others. It cannot claim a channel or raise an epoch, prolong a lease by more than 30 s, make a user, join or manager
-- token, change members or roles, or read a password hash, an e-mail, an invite or a file.
GRANT SELECT ON chat.channel, chat.server, chat.channel_head, chat.member, chat.seat, chat.message, chat.reaction TO chat_server;
GRANT SELECT (id, name, number, role, status, avatar_id, last_seen_at) ON chat.users TO chat_server;
GRANT SELECT (id, user_id, expires_at, revoked_at) ON chat.session TO chat_server;
GRANT SELECT (id, owner_id, name, content_type, size, complete) ON chat.file TO chat_server;
GRANT UPDATE (last_seq, last_at) ON chat.channel_head TO chat_server;
GRANT UPDATE (delivered_seq, read_seq, receipt_at) ON chat.member TO chat_server;
GRANT UPDATE (live) ON chat.seat TO chat_server;
GRANT DELETE ON chat.seat TO chat_server;
GRANT INSERT ON chat.message, chat.message_file TO chat_server;
GRANT UPDATE (data, content_type, edited_at, deleted_at, pinned_at, pinned_by) ON chat.message TO chat_server;
GRANT INSERT, DELETE ON chat.reaction TO chat_server;
GRANT INSERT (user_id, kind, channel_id, seq) ON chat.notification TO chat_server; -- mentions
GRANT UPDATE (last_seen_at) ON chat.users TO chat_server;

-- No manager in reach: whoever reaches PostgreSQL renews its own lease. NULL = no such server, or it said goodbye.
CREATE FUNCTION chat.renew_lease(me UUID, life INTERVAL) RETURNS TIMESTAMPTZ
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE chat.server s SET lease_until = greatest(s.lease_until, now() + least(life, interval '30 s'))
    WHERE s.boot_id = me AND s.state <> 'stopped' RETURNING s.lease_until
$$;

-- Draining: the channel has no owner afterwards. False = it was no longer mine at that epoch.
CREATE FUNCTION chat.give_back(me UUID, channel INTEGER, at_epoch BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.channel_head h SET boot_id = NULL WHERE h.channel_id = channel AND h.boot_id = me AND h.epoch = at_epoch;
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION chat.renew_lease, chat.give_back FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.renew_lease, chat.give_back TO chat_server;

-- ── gateway: reads for its doors, files, tickets, notices ─────────────────────────────────────
GRANT SELECT ON chat.channel, chat.channel_head, chat.member, chat.message, chat.reaction, chat.message_file, chat.server, chat.seat, chat.event
      TO chat_gateway;
GRANT SELECT ON chat.session TO chat_gateway;
GRANT SELECT (id, name, number, role, status, about, avatar_id, visibility, metadata, created_at, last_seen_at) ON chat.users TO chat_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.file, chat.file_chunk, chat.notification, chat.rate TO chat_gateway;
GRANT SELECT, INSERT, DELETE ON chat.ticket TO chat_gateway;
