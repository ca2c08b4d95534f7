-- Returns the owner of a listed channel that may rise in the list. $1 channel, $2 listener. Returns
-- no row if it rose in the last 10 minutes or the listener owns it.
SELECT c.owner_id FROM chat.listing l JOIN chat.channel c ON c.id = l.channel_id
WHERE l.channel_id = $1 AND c.owner_id <> $2
  AND l.active_at NOT BETWEEN statement_timestamp() - interval '10 min' AND statement_timestamp();
