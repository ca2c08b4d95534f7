-- Seats that an operator ended with a kick. The manager tells the chat server after the commit. Without a row here, a chat server
-- that finds out by itself would take the seat for a moved one, and the client of the kicked user would return at once.
CREATE TABLE chat.kicked_seat (
    seat_id   UUID        PRIMARY KEY,
    kicked_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX kicked_seat_age ON chat.kicked_seat (kicked_at);
GRANT SELECT (kicked_at), INSERT, DELETE ON chat.kicked_seat TO chat_manager;
GRANT SELECT (seat_id) ON chat.kicked_seat TO chat_server;
