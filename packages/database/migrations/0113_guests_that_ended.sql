-- expand
-- The row of a guest who has ended is deleted when nothing refers to it any more. Foreign keys search these tables for it.
CREATE INDEX reaction_of_guest ON chat.reaction (user_id)    WHERE user_id >= 'guest.' AND user_id < 'guest/';
CREATE INDEX member_of_guest   ON chat.member   (user_id)    WHERE user_id >= 'guest.' AND user_id < 'guest/';
CREATE INDEX low_of_guest      ON chat.channel  (pair_low)   WHERE pair_low >= 'guest.' AND pair_low < 'guest/';
CREATE INDEX high_of_guest     ON chat.channel  (pair_high)  WHERE pair_high >= 'guest.' AND pair_high < 'guest/';

-- Deletes guests who have ended and to whom nothing refers, with their former memberships. Looks at the next `most` accounts
-- that have ended, after a number. Returns the number of the last one, or 0 if there are no more. The setting lets foreign keys
-- use the indexes above.
CREATE FUNCTION chat.purge_guests(after_number INTEGER, most INTEGER) RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    one  RECORD;
    last INTEGER := 0;
BEGIN
    FOR one IN SELECT u.id, u.number FROM chat.users u WHERE u.status = 'deleted' AND u.number > after_number ORDER BY u.number LIMIT most LOOP
        last := one.number;
        CONTINUE WHEN one.id NOT LIKE 'guest.%' OR EXISTS (SELECT FROM chat.deletion d WHERE d.user_id = one.id)
            OR EXISTS (SELECT FROM chat.message m WHERE m.sender_id = one.id)
            OR EXISTS (SELECT FROM chat.member m WHERE m.user_id = one.id AND m.left_seq IS NULL);
        BEGIN
            DELETE FROM chat.member m WHERE m.user_id = one.id;
            DELETE FROM chat.users u WHERE u.id = one.id;
        EXCEPTION WHEN foreign_key_violation THEN NULL; -- Something else refers to the guest.
        END;
    END LOOP;
    RETURN last;
END $$;
REVOKE EXECUTE ON FUNCTION chat.purge_guests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.purge_guests TO chat_manager;

-- Last, because nobody can write a message while these are made.
CREATE INDEX message_of_guest  ON chat.message  (sender_id)  WHERE sender_id >= 'guest.' AND sender_id < 'guest/';
CREATE INDEX pin_of_guest      ON chat.message  (pinned_by)  WHERE pinned_by >= 'guest.' AND pinned_by < 'guest/';
