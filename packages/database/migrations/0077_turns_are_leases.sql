-- A manager that works for long held its turn in a transaction, so its snapshot kept dead rows from being removed, and its
-- transaction id held up all readers of chat.event. A turn is a lease.
ALTER TABLE chat.upkeep_turn
    ADD COLUMN holder     UUID,
    ADD COLUMN held_until TIMESTAMPTZ NOT NULL DEFAULT '-infinity';
GRANT UPDATE (holder, held_until) ON chat.upkeep_turn TO chat_manager;
