-- Gateways serve inboxes: they authenticate users, follow events and memberships, and read entries that no chat server
-- shows them.
GRANT SELECT (id, user_id, expires_at, revoked_at, token_hash) ON chat.session TO chat_gateway;
GRANT SELECT (id, number, name, role, status, password_state) ON chat.users TO chat_gateway;
GRANT SELECT (user_id, channel_id) ON chat.bot TO chat_gateway;
GRANT SELECT (id, txid, kind, channel_id, user_ids) ON chat.event TO chat_gateway;
GRANT SELECT ON chat.channel, chat.channel_head, chat.member, chat.message TO chat_gateway;

-- A returning member of a chat with open history keeps the joined_seq of the first join, so no column said where the present
-- stay begins. NULL: at joined_seq.
ALTER TABLE chat.member ADD COLUMN stay_seq BIGINT;
