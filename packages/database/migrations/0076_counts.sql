-- Counting what is unread reads only the index. (Deletions have changed an index before, see message_replies.)
DROP INDEX chat.message_said;
CREATE INDEX message_said ON chat.message (channel_id, seq) INCLUDE (sender_id, deleted_at) WHERE kind = 0;
-- An index answers alone only for pages that a vacuum has seen. Unread messages are on the last pages.
ALTER TABLE chat.message SET (autovacuum_vacuum_insert_scale_factor = 0.02);
-- Few users read in private. Lists of receipts look them up for each member.
CREATE INDEX users_private_reads ON chat.users (id) WHERE private_reads;

-- The number of members of a channel, so that neither a list of channels nor a join counts them. Changes of members hold the
-- head until their commit anyway. Rows of members go only with their channel.
ALTER TABLE chat.channel_head ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
UPDATE chat.channel_head h SET members = m.members
FROM (SELECT channel_id, count(*) AS members FROM chat.member WHERE left_seq IS NULL GROUP BY channel_id) m WHERE m.channel_id = h.channel_id;

CREATE FUNCTION chat.count_new_members() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.channel_head h SET members = h.members + n.members
    FROM (SELECT i.channel_id, count(*) AS members FROM inserted i WHERE i.left_seq IS NULL GROUP BY i.channel_id) n
    WHERE h.channel_id = n.channel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER member_counted AFTER INSERT ON chat.member REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION chat.count_new_members();

CREATE FUNCTION chat.count_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE chat.channel_head h SET members = h.members + CASE WHEN NEW.left_seq IS NULL THEN 1 ELSE -1 END
    WHERE h.channel_id = NEW.channel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER member_recounted AFTER UPDATE OF left_seq ON chat.member FOR EACH ROW
    WHEN ((OLD.left_seq IS NULL) <> (NEW.left_seq IS NULL)) EXECUTE FUNCTION chat.count_member();
REVOKE EXECUTE ON FUNCTION chat.count_new_members, chat.count_member FROM PUBLIC;
