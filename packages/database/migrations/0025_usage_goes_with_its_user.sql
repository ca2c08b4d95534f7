-- What a user has stored is forgotten with the account.
ALTER TABLE chat.usage DROP CONSTRAINT usage_user_id_fkey,
    ADD FOREIGN KEY (user_id) REFERENCES chat.users (id) ON DELETE CASCADE;
