-- $1 sessions that were revoked: the sweep of the chat servers ends the streams of their seats.
DELETE FROM chat.seat WHERE session_id = ANY ($1::uuid[]);
