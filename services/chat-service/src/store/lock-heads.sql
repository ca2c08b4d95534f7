-- What follows in this transaction sees all that was committed in these channels before it, and
-- nothing else is written there meanwhile.
SELECT FROM chat.channel_head WHERE channel_id = ANY ($1::int[]) ORDER BY channel_id FOR NO KEY UPDATE;
