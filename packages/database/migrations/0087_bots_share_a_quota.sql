-- A user and the bots that they made for channels share one quota. Returns what they have stored together. Bots of operators have
-- quotas of their own.
CREATE FUNCTION chat.stored_by(whom VARCHAR) RETURNS TABLE (bytes BIGINT, rows BIGINT)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
    WITH payer AS MATERIALIZED (
        SELECT p.id FROM chat.users p WHERE p.role <> 'admin' AND p.id = coalesce((
            SELECT b.created_by FROM chat.bot b JOIN chat.users o ON o.id = b.created_by AND o.role <> 'admin'
            WHERE b.user_id = whom AND b.channel_id IS NOT NULL), whom)
    )
    SELECT coalesce(sum(q.bytes), 0)::bigint, coalesce(sum(q.rows), 0)::bigint FROM chat.usage q WHERE q.user_id = ANY (
        ARRAY[whom] || ARRAY(SELECT id FROM payer) || ARRAY(SELECT b.user_id FROM payer JOIN chat.bot b ON b.created_by = payer.id AND b.channel_id IS NOT NULL))
$$;
REVOKE EXECUTE ON FUNCTION chat.stored_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.stored_by TO chat_server;
