-- As a login name, an e-mail address means the account that has had it longest. Before, it meant the oldest account, which could take it from a newer one.
-- The user-service reads the time at a login and sets it with a new address.
ALTER TABLE chat.users ADD COLUMN email_since TIMESTAMPTZ NOT NULL DEFAULT now();
UPDATE chat.users SET email_since = created_at;
DROP INDEX chat.users_email_folded;
CREATE INDEX users_email_folded ON chat.users (lower(email), email_since, number) WHERE email IS NOT NULL;
GRANT SELECT (email_since), UPDATE (email_since) ON chat.users TO chat_user;
