-- Invitations to register, and reads that stay private.

-- An invitation without a channel lets its holder register. The user-service sees and uses no other
-- kind of invitation, so it calls these functions and has no right to the table.
ALTER TABLE chat.invite ALTER COLUMN channel_id DROP NOT NULL;

CREATE FUNCTION chat.is_invited(code TEXT) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM chat.invite i WHERE i.id = code AND i.channel_id IS NULL AND i.revoked_at IS NULL
        AND (i.max_uses IS NULL OR i.use_count < i.max_uses) AND (i.expires_at IS NULL OR i.expires_at > clock_timestamp()))
$$;

-- Counts one use. Holds the row until the commit, so a used-up invitation lets in nobody more.
CREATE FUNCTION chat.use_invitation(code TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.invite i SET use_count = i.use_count + 1 WHERE i.id = code AND i.channel_id IS NULL AND i.revoked_at IS NULL
        AND (i.max_uses IS NULL OR i.use_count < i.max_uses) AND (i.expires_at IS NULL OR i.expires_at > clock_timestamp());
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION chat.is_invited, chat.use_invitation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.is_invited, chat.use_invitation TO chat_user;

-- The user shows nobody what they have read. Every service respects it; the user-service sets it.
ALTER TABLE chat.users ADD COLUMN private_reads BOOLEAN NOT NULL DEFAULT false;
GRANT SELECT (private_reads), UPDATE (private_reads) ON chat.users TO chat_user;
GRANT SELECT (private_reads) ON chat.users TO chat_manager, chat_server;
