-- Users whom a user has blocked. They cannot notify the user.
CREATE TABLE chat.block (
    user_id    VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    blocked_id VARCHAR(64) NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
);
CREATE INDEX block_of ON chat.block (blocked_id);
GRANT SELECT, INSERT, DELETE ON chat.block TO chat_manager;

-- Nothing has written notifications so far.
DELETE FROM chat.notification;
ALTER TABLE chat.notification
    ALTER COLUMN channel_id SET NOT NULL,
    ADD COLUMN by_id VARCHAR(64) NOT NULL,
    ADD CONSTRAINT notification_kind CHECK (kind IN ('mention', 'reply', 'direct', 'added', 'offered', 'role'));
-- One for each user and message. Notifications without a message have no seq, and may repeat.
CREATE UNIQUE INDEX notification_once ON chat.notification (channel_id, user_id, seq);
GRANT SELECT, UPDATE (read_at), DELETE ON chat.notification TO chat_manager;

-- Adds notifications (seq 0: without a message) and returns the new ones. Skips what users did themselves, what was done by
-- somebody they have blocked, and messages they have a notification of. Keeps about the newest 1,000 of each user. Inserts in
-- the order of the keys and skips locked rows, so that two calls cannot deadlock.
CREATE FUNCTION chat.notify(kinds TEXT[], channel_ids INTEGER[], seqs BIGINT[], by_ids VARCHAR[], user_ids VARCHAR[])
RETURNS TABLE (id BIGINT, user_id VARCHAR)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH made AS (
        INSERT INTO chat.notification AS t (kind, channel_id, seq, by_id, user_id)
        SELECT n.kind, n.channel_id, nullif(n.seq, 0), n.by_id, n.user_id
        FROM unnest(kinds, channel_ids, seqs, by_ids, user_ids) WITH ORDINALITY AS n (kind, channel_id, seq, by_id, user_id, place)
        WHERE n.user_id <> n.by_id AND NOT EXISTS (SELECT FROM chat.block b WHERE b.user_id = n.user_id AND b.blocked_id = n.by_id)
        ORDER BY n.channel_id, n.user_id, n.seq, n.place
        ON CONFLICT (channel_id, user_id, seq) DO NOTHING
        RETURNING t.id, t.user_id
    ), over AS (
        DELETE FROM chat.notification t WHERE t.id IN (
            SELECT o.id FROM (SELECT DISTINCT m.user_id FROM made m) u
            CROSS JOIN LATERAL (SELECT e.id FROM chat.notification e WHERE e.user_id = u.user_id ORDER BY e.id DESC OFFSET 999 LIMIT 1) edge
            JOIN chat.notification o ON o.user_id = u.user_id AND o.id <= edge.id
            FOR UPDATE OF o SKIP LOCKED
        )
    )
    SELECT m.id, m.user_id FROM made m
$$;

-- Notifies members of messages, as each of them has set for the chat. Skips messages of another log, and users who are not
-- members or joined later. `kinds` are mention, reply and direct; if a user has several for one message, the first counts.
CREATE FUNCTION chat.notify_of_messages(
    kinds TEXT[], channel_ids INTEGER[], log_ids UUID[], seqs BIGINT[], by_ids VARCHAR[], user_ids VARCHAR[])
RETURNS TABLE (id BIGINT, user_id VARCHAR)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id, t.user_id FROM (
        SELECT array_agg(n.kind ORDER BY n.place) AS kinds, array_agg(n.channel_id ORDER BY n.place) AS channel_ids,
            array_agg(n.seq ORDER BY n.place) AS seqs, array_agg(n.by_id ORDER BY n.place) AS by_ids, array_agg(n.user_id ORDER BY n.place) AS user_ids
        FROM unnest(kinds, channel_ids, log_ids, seqs, by_ids, user_ids) WITH ORDINALITY AS n (kind, channel_id, log_id, seq, by_id, user_id, place)
        JOIN chat.channel_head h ON h.channel_id = n.channel_id AND h.log_id = n.log_id
        JOIN chat.member m ON m.channel_id = n.channel_id AND m.user_id = n.user_id AND m.left_seq IS NULL AND m.joined_seq < n.seq
        WHERE n.kind IN ('mention', 'reply') AND m.notify <> 'none' OR n.kind = 'direct' AND m.notify = 'all'
    ) due CROSS JOIN LATERAL chat.notify(due.kinds, due.channel_ids, due.seqs, due.by_ids, due.user_ids) t
$$;
REVOKE EXECUTE ON FUNCTION chat.notify, chat.notify_of_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat.notify, chat.notify_of_messages TO chat_manager;
