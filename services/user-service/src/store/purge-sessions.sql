-- Deletes expired sessions a day late, so that a stream that ends with its session can still learn
-- why.
DELETE FROM chat.session WHERE expires_at < now() - interval '1 day';
