-- Shortens reservations in the same way (see mend-leases): the time to join is at most 10 seconds.
UPDATE chat.seat SET join_by = now() + interval '10 s' WHERE NOT live AND join_by > now() + interval '11 s';
