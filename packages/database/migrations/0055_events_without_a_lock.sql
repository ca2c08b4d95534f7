-- A change of members waited for one lock of all events while it held the head of its channel, so joins in one channel
-- held up messages in every other. Events carry their transaction instead. Ids follow the order in which rows were
-- written, not the order of commits: a reader takes only rows whose txid is below pg_snapshot_xmin(pg_current_snapshot()),
-- ordered by (txid, id), and remembers that pair. No transaction that is still running can write below it.
-- Nothing is notified here either: NOTIFY takes a lock of the whole cluster until the commit ends.
ALTER TABLE chat.event ADD COLUMN txid XID8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX event_order ON chat.event (txid, id);

CREATE OR REPLACE FUNCTION chat.publish(kind TEXT, channel_id INTEGER, user_ids VARCHAR[], body JSONB) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO chat.event (kind, channel_id, user_ids, body) VALUES (kind, channel_id, user_ids, body)
$$;
DELETE FROM chat.turn WHERE name = 'event';
