-- A receipt of a stream is saved up to a second after it was sent, and again after a lost server or connection. It removed a mark
-- "unread" that its user had set meanwhile, because it was not below the read position. Now it removes a mark only if it moves
-- this position. UpdateReceipt can set a mark and move the position, so a receipt that was sent before then moves nothing. It
-- also removes the mark when the user reads the same messages again.
CREATE OR REPLACE FUNCTION chat.save_receipts(channel_ids INTEGER[], log_ids UUID[], user_ids VARCHAR[], delivered BIGINT[], read BIGINT[], most_told INTEGER)
RETURNS TABLE (channel_id INTEGER, user_id VARCHAR, delivered_seq BIGINT, read_seq BIGINT, told BOOLEAN)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT m.channel_id, m.user_id, h.members, least(n.read, l.last_seq) AS read, least(greatest(n.delivered, n.read), l.last_seq) AS delivered
        FROM (
            SELECT * FROM unnest(channel_ids, log_ids, user_ids, delivered, read) AS i (channel_id, log_id, user_id, delivered, read)
            ORDER BY i.channel_id, i.user_id
        ) n
        CROSS JOIN LATERAL (SELECT x.last_seq, x.members FROM chat.channel_head x WHERE x.channel_id = n.channel_id AND x.log_id = n.log_id LIMIT 1) h
        CROSS JOIN LATERAL (
            SELECT x.channel_id, x.user_id, x.left_seq FROM chat.member x
            WHERE x.channel_id = n.channel_id AND x.user_id = n.user_id LIMIT 1 FOR NO KEY UPDATE
        ) m
        CROSS JOIN LATERAL (SELECT coalesce(m.left_seq, h.last_seq) AS last_seq) l
    ), moved AS (
        UPDATE chat.member m SET delivered_seq = greatest(m.delivered_seq, d.delivered), read_seq = greatest(m.read_seq, d.read),
            marked_unread = m.marked_unread AND d.read <= m.read_seq, receipt_at = now()
        FROM due d WHERE m.channel_id = d.channel_id AND m.user_id = d.user_id AND (d.delivered > m.delivered_seq OR d.read > m.read_seq)
        RETURNING m.channel_id, m.user_id, m.delivered_seq, m.read_seq, d.members
    )
    SELECT v.channel_id, v.user_id, v.delivered_seq, v.read_seq,
        v.members <= most_told AND (SELECT u.id FROM chat.users u WHERE u.id = v.user_id AND u.private_reads) IS NULL
    FROM moved v
$$;
