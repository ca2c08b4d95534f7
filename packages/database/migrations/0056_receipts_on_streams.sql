ALTER TABLE chat.member ADD COLUMN marked_unread BOOLEAN NOT NULL DEFAULT false;

-- Chat servers write through these two functions, which take no lock for longer than their own transaction.

-- Moves watermarks forward, in the order of the keys, so that two servers cannot deadlock. Skips members of another log. A
-- former member's watermarks end at the removal. Returns the members whose watermarks have moved, and whether others in the
-- channel are told: at most most_told members, and none of a user who reads in private.
CREATE FUNCTION chat.save_receipts(channel_ids INTEGER[], log_ids UUID[], user_ids VARCHAR[], delivered BIGINT[], read BIGINT[], most_told INTEGER)
RETURNS TABLE (channel_id INTEGER, user_id VARCHAR, delivered_seq BIGINT, read_seq BIGINT, told BOOLEAN)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT m.channel_id, m.user_id, least(n.read, l.last_seq) AS read, least(greatest(n.delivered, n.read), l.last_seq) AS delivered
        FROM unnest(channel_ids, log_ids, user_ids, delivered, read) AS n (channel_id, log_id, user_id, delivered, read)
        JOIN chat.channel_head h ON h.channel_id = n.channel_id AND h.log_id = n.log_id
        JOIN chat.member m ON m.channel_id = n.channel_id AND m.user_id = n.user_id
        CROSS JOIN LATERAL (SELECT coalesce(m.left_seq, h.last_seq) AS last_seq) l
        ORDER BY m.channel_id, m.user_id FOR NO KEY UPDATE OF m
    ), moved AS (
        UPDATE chat.member m SET receipt_at = now(), delivered_seq = greatest(m.delivered_seq, d.delivered),
            read_seq = greatest(m.read_seq, d.read), marked_unread = m.marked_unread AND d.read <= m.read_seq
        FROM due d WHERE m.channel_id = d.channel_id AND m.user_id = d.user_id AND (d.delivered > m.delivered_seq OR d.read > m.read_seq)
        RETURNING m.channel_id, m.user_id, m.delivered_seq, m.read_seq
    ), small AS (
        SELECT c.channel_id FROM (SELECT DISTINCT moved.channel_id FROM moved) c CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM (SELECT FROM chat.member o WHERE o.channel_id = c.channel_id AND o.left_seq IS NULL LIMIT most_told + 1) few
        ) o WHERE o.n <= most_told
    )
    SELECT v.channel_id, v.user_id, v.delivered_seq, v.read_seq, NOT u.private_reads AND s.channel_id IS NOT NULL
    FROM moved v JOIN chat.users u ON u.id = v.user_id LEFT JOIN small s ON s.channel_id = v.channel_id
$$;

-- Records that users are here. Skips accounts that are being changed: the next call comes within a minute.
CREATE FUNCTION chat.save_last_seen(user_ids VARCHAR[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE chat.users SET last_seen_at = now() WHERE id IN (
        SELECT u.id FROM chat.users u WHERE u.id = ANY (user_ids) ORDER BY u.id FOR NO KEY UPDATE SKIP LOCKED
    )
$$;
REVOKE EXECUTE ON FUNCTION chat.save_receipts, chat.save_last_seen FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.save_receipts, chat.save_last_seen TO chat_server;
