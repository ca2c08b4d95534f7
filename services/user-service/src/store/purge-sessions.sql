-- A day late, so that a stream that ends by its session's end can still be told why.
DELETE FROM chat.session WHERE expires_at < now() - interval '1 day';
