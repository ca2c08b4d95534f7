-- Deletes expired keys a day late, so that a clock set ahead for a while does not remove a key in
-- use.
DELETE FROM chat.signing_key WHERE expires_at < now() - interval '1 day';
