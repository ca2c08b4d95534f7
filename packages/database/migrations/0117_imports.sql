-- expand
-- What `parley import` has made, so that the same file can be imported again. `source` is the system that the file comes from, and `id` the
-- id of the person or channel there. A channel without `done_at` is still incomplete: it is marked as deleted, so nobody sees it. Only the
-- owner of the database uses this table.
CREATE TABLE chat.imported (
    source     VARCHAR(200) NOT NULL,
    kind       TEXT         NOT NULL CHECK (kind IN ('person', 'channel')),
    id         VARCHAR(200) NOT NULL,
    user_id    VARCHAR(64)  REFERENCES chat.users (id) ON DELETE CASCADE,
    channel_id INTEGER      REFERENCES chat.channel (id) ON DELETE SET NULL,
    done_at    TIMESTAMPTZ,
    PRIMARY KEY (source, kind, id)
);
CREATE INDEX imported_user    ON chat.imported (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX imported_channel ON chat.imported (channel_id) WHERE channel_id IS NOT NULL;
