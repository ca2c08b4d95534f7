-- The notification of an offer ends with the offer, whether it was accepted, withdrawn or lapsed.
CREATE FUNCTION chat.forget_offer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM chat.notification n WHERE n.channel_id = OLD.channel_id AND n.user_id = OLD.user_id AND n.kind = 'offered';
    RETURN NULL;
END $$;
CREATE TRIGGER offer_is_forgotten AFTER DELETE ON chat.offer FOR EACH ROW EXECUTE FUNCTION chat.forget_offer();
REVOKE EXECUTE ON FUNCTION chat.forget_offer FROM PUBLIC;
