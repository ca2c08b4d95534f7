-- Deletes events that are older than a day, at most 5,000 at a time. Ids follow the time, so the oldest come first.
DELETE FROM chat.event WHERE id IN (
  SELECT id FROM (SELECT id, at FROM chat.event ORDER BY id LIMIT 5000) oldest WHERE at < now() - interval '1 day'
);
