-- Login takes an e-mail address too; where several accounts have one, it is that of the oldest.
CREATE INDEX users_email_folded ON chat.users (lower(email), number) WHERE email IS NOT NULL;
