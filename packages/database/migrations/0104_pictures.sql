-- A picture that was decoded and stored again has a width and a height, in pixels, and a thumbnail. Other files have none.
ALTER TABLE chat.file
    ADD COLUMN width  INTEGER CHECK (width > 0),
    ADD COLUMN height INTEGER CHECK (height > 0),
    ADD CHECK ((width IS NULL) = (height IS NULL));

CREATE TABLE chat.thumbnail (
    file_id UUID  PRIMARY KEY REFERENCES chat.file (id) ON DELETE CASCADE,
    data    BYTEA NOT NULL CHECK (octet_length(data) BETWEEN 1 AND 1048576)
);
ALTER TABLE chat.thumbnail ALTER COLUMN data SET STORAGE EXTERNAL;

-- Deletes the bytes of a file that is not complete, and reserves `new_size` bytes for others. Returns '', the reason why there
-- is no room, or NULL if the file is complete or gone.
CREATE FUNCTION chat.restart_file(file UUID, new_size INTEGER, most_bytes BIGINT, most_of_all BIGINT) RETURNS TEXT
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used BIGINT;
    more INTEGER;
BEGIN
    -- The row of the user first, as in chat.create_file.
    SELECT u.file_bytes INTO used FROM chat.usage u JOIN chat.file f ON f.owner_id = u.user_id WHERE f.id = file FOR NO KEY UPDATE OF u;
    SELECT new_size - f.size INTO more FROM chat.file f WHERE f.id = file AND NOT f.complete FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF more > 0 AND used + more > most_bytes THEN RETURN 'file-quota'; END IF;
    IF more > 0 AND (SELECT coalesce(sum(u.file_bytes), 0) FROM chat.usage u WHERE u.file_bytes > 0) + more > most_of_all THEN RETURN 'files-full'; END IF;
    DELETE FROM chat.file_chunk c WHERE c.file_id = file;
    UPDATE chat.file f SET received = 0, size = new_size WHERE f.id = file;
    RETURN '';
END $$;
REVOKE ALL ON FUNCTION chat.restart_file(UUID, INTEGER, BIGINT, BIGINT) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.restart_file(UUID, INTEGER, BIGINT, BIGINT) TO chat_gateway;
GRANT UPDATE (width, height) ON chat.file TO chat_gateway;
GRANT SELECT, INSERT ON chat.thumbnail TO chat_gateway;
GRANT SELECT (width, height) ON chat.file TO chat_manager;
