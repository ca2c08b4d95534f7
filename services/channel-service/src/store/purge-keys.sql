-- A day late: a clock that was set ahead for a while takes nobody's key away.
DELETE FROM chat.signing_key WHERE expires_at < now() - interval '1 day';
