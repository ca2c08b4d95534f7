-- The same for seats that are reserved and not taken: nobody has more than 10 seconds to join.
UPDATE chat.seat SET join_by = now() + interval '10 s' WHERE NOT live AND join_by > now() + interval '11 s';
