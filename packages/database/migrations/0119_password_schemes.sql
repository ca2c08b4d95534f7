-- expand
-- User-services look for the schemes and costs of all passwords again and again. With this index they do not read every account.
CREATE INDEX users_password_scheme ON chat.users (left(password_hash, 7)) WHERE password_hash LIKE '$%';
