-- Users are found by the start of their id or name, in any case and without accents.

-- A text as search compares it: compatible forms are one, without accents, in lower case, at most 64 characters. Lower case
-- follows Unicode, whatever the locale of the database: where this PostgreSQL has such a collation, the function names it.
DO $$
DECLARE
    unicode TEXT := (SELECT format('COLLATE pg_catalog.%I', c.collname) FROM pg_catalog.pg_collation c
        WHERE c.collnamespace = 'pg_catalog'::regnamespace AND c.collname IN ('pg_c_utf8', 'und-x-icu') ORDER BY c.collname LIMIT 1);
BEGIN
    EXECUTE format($make$
        CREATE FUNCTION chat.folded(words TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
            SELECT left(replace(replace(replace(translate(lower(regexp_replace(normalize(words, NFKD),
                '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+', '', 'g') %s),
                'øłđħŧı', 'oldhti'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 64)
        $body$
    $make$, coalesce(unicode, ''));
END $$;

-- `findable`: anyone but guests may find the user.
ALTER TABLE chat.users
    ADD COLUMN folded_id   TEXT COLLATE "C" GENERATED ALWAYS AS (chat.folded(id)) STORED,
    ADD COLUMN folded_name TEXT COLLATE "C" GENERATED ALWAYS AS (chat.folded(name)) STORED,
    ADD COLUMN findable    BOOLEAN GENERATED ALWAYS AS (status = 'active' AND visibility IN ('everyone', 'users')) STORED;
CREATE INDEX users_found_by_id   ON chat.users (findable, folded_id, number);
CREATE INDEX users_found_by_name ON chat.users (findable, folded_name, number);
DROP INDEX chat.users_name_folded;

-- Folded ids and names in a range, of users who show themselves only to members of their chats and who are in a chat with the
-- reader. What this costs depends on the reader's chats alone, so its duration says nothing about strangers. It looks at 20,000
-- members, at most 1,000 of a chat.
CREATE FUNCTION chat.contacts_within(reader VARCHAR, low TEXT, high TEXT) RETURNS TABLE (key TEXT, number INTEGER)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key, u.number FROM (
        SELECT DISTINCT met.user_id FROM (
            SELECT theirs.user_id FROM chat.member mine JOIN chat.channel c ON c.id = mine.channel_id AND c.deleted_at IS NULL
            CROSS JOIN LATERAL (SELECT m.user_id FROM chat.member m WHERE m.channel_id = mine.channel_id AND m.left_seq IS NULL LIMIT 1000) theirs
            WHERE mine.user_id = reader AND mine.left_seq IS NULL LIMIT 20000
        ) met
    ) one CROSS JOIN LATERAL (
        SELECT x.number, x.folded_id, x.folded_name FROM chat.users x
        WHERE x.id = one.user_id AND x.visibility = 'contacts' AND x.status = 'active' LIMIT 1
    ) u CROSS JOIN LATERAL (VALUES (u.folded_id), (u.folded_name)) AS k (key)
    WHERE k.key >= low COLLATE "C" AND k.key < high COLLATE "C"
$$;
REVOKE EXECUTE ON FUNCTION chat.folded, chat.contacts_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.folded, chat.contacts_within TO chat_user;
GRANT SELECT (folded_id, folded_name, findable) ON chat.users TO chat_user;

-- As in 0040, and says when an invitation was last used.
CREATE OR REPLACE FUNCTION chat.use_invitation(code TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.invite i SET use_count = i.use_count + 1, used_at = now()
    WHERE i.id = code AND i.channel_id IS NULL AND i.revoked_at IS NULL
      AND (i.max_uses IS NULL OR i.use_count < i.max_uses) AND (i.expires_at IS NULL OR i.expires_at > clock_timestamp());
    RETURN FOUND;
END $$;
