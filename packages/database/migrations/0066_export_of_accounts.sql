-- An operator exports what is stored about one account, so the manager reads the rest of it, and finds each row by its user.
GRANT SELECT (about, avatar_id, metadata) ON chat.users TO chat_manager;
GRANT SELECT (created_by, created_at, revoked_at) ON chat.bot TO chat_manager;
GRANT SELECT (id, owner_id, name, content_type, size, sha256, complete, created_at) ON chat.file TO chat_manager;

CREATE INDEX session_by_user   ON chat.session (user_id, id);
CREATE INDEX invite_creator    ON chat.invite (created_by, id);
CREATE INDEX offer_creator     ON chat.offer (offered_by);
CREATE INDEX audit_by          ON chat.audit (actor, id);
CREATE INDEX audit_about       ON chat.audit (target, id);
CREATE INDEX audit_member      ON chat.audit ((detail->>'user'), id) WHERE action = 'channel.member';
CREATE INDEX channel_of_owner  ON chat.channel (owner_id, id);
DROP INDEX chat.channel_owner;
