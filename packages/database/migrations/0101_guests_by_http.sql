-- A call of document 003 over HTTP acts in the name of a guest. It may come to a gateway that does not have the guest's socket,
-- which then opens another session of the guest, for a minute.
CREATE FUNCTION chat.open_guest_session(whom VARCHAR, hash BYTEA) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO chat.session (user_id, device, address, expires_at, token_hash)
        SELECT g.user_id, 'guest', g.network, now() + interval '1 minute', hash FROM chat.guest g WHERE g.user_id = whom;
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION chat.open_guest_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.open_guest_session TO chat_gateway;

-- Such a call must come from the network of the guest.
GRANT SELECT (network) ON chat.guest TO chat_gateway;
