-- Another device of a user learned of a mark "unread", of its removal and of a level of notifications only from Overview.
-- `set_at` is the time of the last change of these, so that a resume tells the device. A receipt that only clears a mark is
-- returned too, for the devices of its user alone.
ALTER TABLE chat.member ADD COLUMN set_at TIMESTAMPTZ;

CREATE FUNCTION chat.membership_set() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.set_at := now();
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION chat.membership_set FROM PUBLIC;
CREATE TRIGGER membership_set BEFORE UPDATE OF marked_unread, notify ON chat.member FOR EACH ROW
    WHEN (OLD.marked_unread IS DISTINCT FROM NEW.marked_unread OR OLD.notify IS DISTINCT FROM NEW.notify)
    EXECUTE FUNCTION chat.membership_set();

CREATE OR REPLACE FUNCTION chat.save_receipts(channel_ids INTEGER[], log_ids UUID[], user_ids VARCHAR[], delivered BIGINT[], read BIGINT[], most_told INTEGER)
RETURNS TABLE (channel_id INTEGER, user_id VARCHAR, delivered_seq BIGINT, read_seq BIGINT, told BOOLEAN)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT m.channel_id, m.user_id, h.members, least(n.read, l.last_seq) AS read, least(greatest(n.delivered, n.read), l.last_seq) AS delivered,
            m.read_seq AS was_read, m.delivered_seq AS was_delivered
        FROM (
            SELECT * FROM unnest(channel_ids, log_ids, user_ids, delivered, read) AS i (channel_id, log_id, user_id, delivered, read)
            ORDER BY i.channel_id, i.user_id
        ) n
        CROSS JOIN LATERAL (SELECT x.last_seq, x.members FROM chat.channel_head x WHERE x.channel_id = n.channel_id AND x.log_id = n.log_id LIMIT 1) h
        CROSS JOIN LATERAL (
            SELECT x.channel_id, x.user_id, x.left_seq, x.read_seq, x.delivered_seq FROM chat.member x
            WHERE x.channel_id = n.channel_id AND x.user_id = n.user_id LIMIT 1 FOR NO KEY UPDATE
        ) m
        CROSS JOIN LATERAL (SELECT coalesce(m.left_seq, h.last_seq) AS last_seq) l
    ), saved AS (
        UPDATE chat.member m SET delivered_seq = greatest(m.delivered_seq, d.delivered), read_seq = greatest(m.read_seq, d.read),
            marked_unread = m.marked_unread AND NOT (d.read > 0 AND d.read >= m.read_seq),
            receipt_at = CASE WHEN d.delivered > m.delivered_seq OR d.read > m.read_seq THEN now() ELSE m.receipt_at END
        FROM due d WHERE m.channel_id = d.channel_id AND m.user_id = d.user_id
            AND (d.delivered > m.delivered_seq OR d.read > m.read_seq OR m.marked_unread AND d.read > 0 AND d.read = m.read_seq)
        RETURNING m.channel_id, m.user_id, m.delivered_seq, m.read_seq, d.members,
            m.delivered_seq > d.was_delivered OR m.read_seq > d.was_read AS has_moved
    )
    SELECT v.channel_id, v.user_id, v.delivered_seq, v.read_seq,
        v.has_moved AND v.members <= most_told AND (SELECT u.id FROM chat.users u WHERE u.id = v.user_id AND u.private_reads) IS NULL
    FROM saved v
$$;
