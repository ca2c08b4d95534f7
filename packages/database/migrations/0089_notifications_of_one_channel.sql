-- One channel could fill all notifications of a user, and a statement that added several could leave more than 1,000. A user
-- keeps the newest 100 of each channel now, and the newest 1,000 in all. The indexes find the oldest of a channel, and the
-- notifications of a message that is gone.
DELETE FROM chat.notification WHERE id IN (
    SELECT n.id FROM (SELECT t.id, row_number() OVER (PARTITION BY t.user_id, t.channel_id ORDER BY t.id DESC) AS nth FROM chat.notification t) n
    WHERE n.nth > 100
);
DROP INDEX chat.notification_once;
CREATE UNIQUE INDEX notification_once ON chat.notification (channel_id, seq, user_id);
CREATE INDEX notification_of_channel ON chat.notification (user_id, channel_id, id);

-- Adds notifications (seq 0: without a message) and returns the new ones. Skips what users did themselves, what was done by
-- somebody they have blocked, and messages they have a notification of. If a user then has more than 100 of a channel, the
-- oldest of that channel are deleted, and after that the oldest beyond 1,000. Does not see what another transaction adds at
-- the same time: the next call deletes what is over. Inserts in the order of the keys and skips locked rows, so that two calls
-- cannot deadlock.
CREATE OR REPLACE FUNCTION chat.notify(kinds TEXT[], channel_ids INTEGER[], seqs BIGINT[], by_ids VARCHAR[], user_ids VARCHAR[])
RETURNS TABLE (id BIGINT, user_id VARCHAR)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH made AS (
        INSERT INTO chat.notification AS t (kind, channel_id, seq, by_id, user_id)
        SELECT n.kind, n.channel_id, nullif(n.seq, 0), n.by_id, n.user_id FROM (
            SELECT i.*, dense_rank() OVER (PARTITION BY i.channel_id, i.user_id ORDER BY i.seq DESC) AS nth
            FROM unnest(kinds, channel_ids, seqs, by_ids, user_ids) WITH ORDINALITY AS i (kind, channel_id, seq, by_id, user_id, place)
            WHERE i.user_id <> i.by_id AND NOT EXISTS (SELECT FROM chat.block b WHERE b.user_id = i.user_id AND b.blocked_id = i.by_id)
        ) n WHERE n.nth <= 100
        ORDER BY n.channel_id, n.user_id, n.seq, n.place
        ON CONFLICT (channel_id, seq, user_id) DO NOTHING
        RETURNING t.id, t.user_id, t.channel_id
    ), of_channel AS (
        SELECT o.id FROM (SELECT m.user_id, m.channel_id, count(*) AS added FROM made m GROUP BY m.user_id, m.channel_id) u
        CROSS JOIN LATERAL (
            SELECT e.id FROM chat.notification e WHERE e.user_id = u.user_id AND e.channel_id = u.channel_id
            ORDER BY e.id DESC OFFSET greatest(0, 100 - u.added)
        ) o
    ), of_all AS (
        SELECT o.id FROM (SELECT m.user_id, count(*) AS added FROM made m GROUP BY m.user_id) u
        CROSS JOIN LATERAL (
            SELECT e.id FROM chat.notification e WHERE e.user_id = u.user_id AND e.id NOT IN (SELECT c.id FROM of_channel c)
            ORDER BY e.id DESC OFFSET greatest(0, 1000 - u.added)
        ) o
    ), gone AS (
        DELETE FROM chat.notification t WHERE t.id IN (
            SELECT o.id FROM chat.notification o WHERE o.id IN (SELECT c.id FROM of_channel c UNION ALL SELECT a.id FROM of_all a)
            FOR UPDATE OF o SKIP LOCKED
        )
    )
    SELECT m.id, m.user_id FROM made m
$$;
