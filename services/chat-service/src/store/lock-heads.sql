-- Locks the heads of these channels until the end of the transaction. Later statements see all that
-- was committed there, and nobody else can write.
SELECT FROM chat.channel_head WHERE channel_id = ANY ($1::int[]) ORDER BY channel_id FOR NO KEY UPDATE;
