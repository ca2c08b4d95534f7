-- Makes changes of one resource with If-Match take turns, until the end of the transaction.
CREATE FUNCTION chat.lock_resource(resource TEXT) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_xact_lock(1050, hashtext(resource))
$$;

REVOKE EXECUTE ON FUNCTION chat.lock_resource FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.lock_resource TO chat_gateway;
