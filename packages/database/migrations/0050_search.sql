-- The words of messages, for search. The managers fill the table after the log (services/channel-service/src/search). They commit words
-- and position together, so that a kill neither loses nor doubles anything.
CREATE TABLE chat.search (
    channel_id INTEGER  NOT NULL,
    seq        BIGINT   NOT NULL,
    sent_ms    BIGINT   NOT NULL,                                 -- Unix time
    edited_us  BIGINT,                                            -- of the text with these words; the row is stale if the message has another
    words      TSVECTOR NOT NULL,                                 -- and labels for channel, sender and time: see search/labels.ts
    PRIMARY KEY (channel_id, seq)
);
-- A short pending list, because every search reads all of it.
CREATE INDEX search_words ON chat.search USING gin (words) WITH (gin_pending_list_limit = 256);
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.search TO chat_manager;

-- How far the words of a channel follow its log. They are void if the head has another log. No foreign key holds `search`: its rows go by
-- the first seq and the log of the head, in slices.
CREATE TABLE chat.search_progress (
    channel_id INTEGER  PRIMARY KEY REFERENCES chat.channel (id) ON DELETE CASCADE,
    log_id     UUID     NOT NULL,
    rules      SMALLINT NOT NULL,                                 -- version of the rules that cut text into words
    seq        BIGINT   NOT NULL,                                 -- words of all entries up to this seq are in the table
    first_seq  BIGINT   NOT NULL                                  -- words of entries below are gone
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON chat.search_progress TO chat_manager;

INSERT INTO chat.upkeep_turn (name) VALUES ('search');
-- When the turn was taken, and the channel after which the next one continues.
ALTER TABLE chat.upkeep_turn
    ADD COLUMN taken_at TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    ADD COLUMN position INTEGER     NOT NULL DEFAULT 0;
GRANT UPDATE (taken_at, position) ON chat.upkeep_turn TO chat_manager;

-- Former members may search what they may read.
CREATE INDEX member_former ON chat.member (user_id) WHERE left_seq > 0;
