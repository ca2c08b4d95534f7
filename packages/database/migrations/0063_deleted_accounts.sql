-- Deletes accounts. The row of a user stays, so the id is never given again.

-- What is left to do for deleted accounts. A manager that ends in between loses nothing.
CREATE TABLE chat.deletion (
    user_id       VARCHAR(64) PRIMARY KEY REFERENCES chat.users (id),
    purge         BOOLEAN     NOT NULL,                           -- messages are blanked
    started_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    pass_at       TIMESTAMPTZ,                                    -- start of the current or last pass over all channels
    after_channel INTEGER     NOT NULL DEFAULT 0                  -- the pass continues after this channel; 0: it is complete
);
GRANT SELECT, UPDATE (pass_at, after_channel), DELETE ON chat.deletion TO chat_manager;
INSERT INTO chat.upkeep_turn (name) VALUES ('deletion');

-- Blanks an account and ends its sessions and seats, for an operator. Channels and messages follow. Returns `done` or the
-- refusal reason.
CREATE FUNCTION chat.delete_user(actor VARCHAR, target VARCHAR, with_messages BOOLEAN) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was RECORD;
BEGIN
    PERFORM FROM chat.turn t WHERE t.name = 'administrators' FOR UPDATE;
    IF NOT EXISTS (SELECT FROM chat.users u WHERE u.id = actor AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'not-operator';
    END IF;
    SELECT u.role, u.status INTO was FROM chat.users u WHERE u.id = target AND u.status <> 'deleted' FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'user-not-found'; END IF;
    IF was.role = 'admin' AND was.status = 'active'
       AND NOT EXISTS (SELECT FROM chat.users u WHERE u.id <> target AND u.role = 'admin' AND u.status = 'active') THEN
        RETURN 'last-operator';
    END IF;
    UPDATE chat.users u SET status = 'deleted', role = 'user', name = 'deleted account', password_hash = '!', email = NULL,
        email_verified = false, about = '', avatar_id = NULL, metadata = '{}', last_seen_at = NULL, visibility = 'nobody'
    WHERE u.id = target;
    DELETE FROM chat.session s WHERE s.user_id = target;
    DELETE FROM chat.offer o WHERE o.user_id = target OR o.offered_by = target;
    DELETE FROM chat.block b WHERE b.user_id = target OR b.blocked_id = target;
    DELETE FROM chat.notification n WHERE n.user_id = target;
    UPDATE chat.invite i SET revoked_at = now() WHERE i.created_by = target AND i.revoked_at IS NULL;
    IF with_messages THEN
        DELETE FROM chat.abuse_report r WHERE r.by_id = target;
        UPDATE chat.abuse_report r SET data = '', content_type = '' WHERE r.user_id = target;
    END IF;
    INSERT INTO chat.deletion (user_id, purge) VALUES (target, with_messages);
    INSERT INTO chat.audit (actor, action, target, detail) VALUES (actor, 'user.delete', target, jsonb_build_object('purge', with_messages));
    RETURN 'done';
END $$;

-- Deletes messages of a user whose account is being purged, in the order of their client ids after `from_id`: appends a
-- deletion for each, as that user, and blanks the text. The owner of the channel sees the new revision and shows the entries.
-- Returns the last client id, or NULL if there was no message left.
CREATE FUNCTION chat.purge_messages(channel INTEGER, whom VARCHAR, from_id UUID, most INTEGER) RETURNS UUID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head  RECORD;
    seqs  BIGINT[];
    ids   UUID[];
    freed BIGINT;
BEGIN
    IF NOT EXISTS (SELECT FROM chat.deletion d WHERE d.user_id = whom AND d.purge) THEN RETURN NULL; END IF;
    SELECT h.first_seq, h.last_seq INTO head FROM chat.channel_head h WHERE h.channel_id = channel FOR NO KEY UPDATE;
    SELECT array_agg(p.seq ORDER BY p.seq), array_agg(p.client_id ORDER BY p.client_id DESC) INTO seqs, ids FROM (
        SELECT m.seq, m.client_id FROM chat.message m
        WHERE m.channel_id = channel AND m.sender_id = whom AND m.client_id > from_id AND m.kind = 0 AND m.deleted_at IS NULL
          AND m.seq >= head.first_seq
        ORDER BY m.client_id LIMIT most
    ) p;
    IF seqs IS NULL THEN RETURN NULL; END IF;
    WITH gone AS (
        SELECT m.seq, chat.stored_bytes(m.data, m.content_type, m.mentions) AS bytes FROM chat.message m
        WHERE m.channel_id = channel AND (m.seq = ANY (seqs) OR m.target_seq = ANY (seqs) AND m.kind = 1)
    ), blanked AS (
        UPDATE chat.message m SET data = '', content_type = '', mentions = '{}', deleted_at = statement_timestamp()
        FROM gone WHERE m.channel_id = channel AND m.seq = gone.seq
    ), reactions AS (
        DELETE FROM chat.reaction r WHERE r.channel_id = channel AND r.seq = ANY (seqs)
    )
    SELECT coalesce(sum(gone.bytes), 0) INTO freed FROM gone;
    WITH moved AS (
        UPDATE chat.channel_head h SET last_seq = h.last_seq + cardinality(seqs), last_at = greatest(h.last_at, statement_timestamp()),
            revision = h.revision + 1, stored_bytes = h.stored_bytes - freed, stored_rows = h.stored_rows + cardinality(seqs)
        WHERE h.channel_id = channel RETURNING h.last_at
    )
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
    SELECT channel, head.last_seq + t.k, 2, whom, gen_random_uuid(), moved.last_at, t.seq, '', sha256('')
    FROM moved, unnest(seqs) WITH ORDINALITY AS t (seq, k);
    INSERT INTO chat.usage AS u (user_id, bytes, rows) VALUES (whom, -freed, cardinality(seqs))
    ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows;
    RETURN ids[1];
END $$;
REVOKE EXECUTE ON FUNCTION chat.delete_user, chat.purge_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.delete_user, chat.purge_messages TO chat_manager;
