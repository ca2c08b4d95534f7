-- Each statement of an export reads rows after a position, in the order of positions, so no
-- transaction lasts longer than one page. Each column becomes a field of the same name in the
-- exported line.

-- Reads an account by id, ignoring case. Finds deleted accounts too.
-- name: exportAccount
SELECT id, number, name, email, email_verified, role, status, about, avatar_id, visibility, private_reads, bot, metadata,
  created_at, last_seen_at, password_state
FROM chat.users WHERE lower(id) = lower(:userId);

-- name: exportUsage
SELECT user_id AS position, bytes, rows, file_bytes, files FROM chat.usage WHERE user_id = :userId AND user_id > :after LIMIT :size;

-- name: exportSessions
SELECT id::text AS position, device, address, created_at, expires_at, revoked_at
FROM chat.session WHERE user_id = :userId AND id > :after::text::uuid ORDER BY id LIMIT :size;

-- name: exportSeats
SELECT id::text AS position, channel_id, created_at, live
FROM chat.seat WHERE user_id = :userId AND id > :after::text::uuid ORDER BY id LIMIT :size;

-- name: exportBlocks
SELECT blocked_id AS position, blocked_id, created_at
FROM chat.block WHERE user_id = :userId AND blocked_id > :after ORDER BY blocked_id LIMIT :size;

-- Reads the bots that the user made, and the user's own row if it is a bot.
-- name: exportBots
SELECT user_id AS position, user_id, channel_id, created_by, created_at, revoked_at, is_webhook FROM (
  (SELECT * FROM chat.bot b WHERE b.created_by = :userId AND b.user_id > :after ORDER BY b.user_id LIMIT :size)
  UNION (SELECT * FROM chat.bot o WHERE o.user_id = :userId AND o.user_id > :after)
) bots ORDER BY user_id LIMIT :size;

-- Reads the commands of the same bots.
-- name: exportBotCommands
SELECT k.bot_id || ' ' || k.name AS position, k.bot_id, k.name, k.description
FROM chat.bot_command k JOIN chat.bot b ON b.user_id = k.bot_id
WHERE (b.created_by = :userId OR b.user_id = :userId) AND k.bot_id || ' ' || k.name > :after ORDER BY position LIMIT :size;

-- Reads outgoing webhooks without their secrets, and only the host of each URL.
-- name: exportOutgoingWebhooks
SELECT id AS position, id, channel_id, split_part(url, '/', 3) AS host, types, created_at, disabled_reason
FROM chat.outgoing_webhook WHERE created_by = :userId AND id > :after ORDER BY id LIMIT :size;

-- name: exportGuest
SELECT user_id AS position, name, is_numbered, network, opened_at FROM chat.guest WHERE user_id = :userId AND user_id > :after LIMIT :size;

-- Leaves out files that only a legal hold keeps.
-- name: exportFiles
SELECT id::text AS position, id, name, content_type, size, width, height, received, complete, created_at, stale_at
FROM chat.file WHERE owner_id = :userId AND stale_at IS DISTINCT FROM '-infinity' AND id > :after::text::uuid ORDER BY id LIMIT :size;

-- name: exportChannels
SELECT id::text AS position, id, name, alias, user_limit, kind::text AS kind, description, icon_id, retention_seconds, retention_count, open_history,
  slow_mode_s, metadata, created_at, updated_at, deleted_at
FROM chat.channel WHERE owner_id = :userId AND id > :after::text::int ORDER BY id LIMIT :size;

-- Reads invites without their ids, because anyone who knows the id of an invite can join with it.
-- name: exportInvites
SELECT id AS position, channel_id, use_count, max_uses, expires_at, revoked_at, created_at, used_at
FROM chat.invite WHERE created_by = :userId AND id > :after ORDER BY id LIMIT :size;

-- name: exportOffersTo
SELECT channel_id::text AS position, channel_id, user_id, role, offered_by, lapses_at
FROM chat.offer WHERE user_id = :userId AND channel_id > :after::text::int ORDER BY channel_id LIMIT :size;

-- name: exportOffersBy
SELECT channel_id || ' ' || user_id AS position, channel_id, user_id, role, offered_by, lapses_at
FROM chat.offer WHERE offered_by = :userId AND (channel_id, user_id) > (split_part(:after, ' ', 1)::int, split_part(:after, ' ', 2))
ORDER BY channel_id, user_id LIMIT :size;

-- name: exportNotifications
SELECT id::text AS position, kind, channel_id, seq, created_at, read_at, by_id
FROM chat.notification WHERE user_id = :userId AND id > :after::text::bigint ORDER BY id LIMIT :size;

-- Leaves out the keys of the subscriptions and the secret part of the endpoints.
-- name: exportPushes
SELECT session_id::text AS position, split_part(endpoint, '/', 3) AS host, shows_text, quiet_until, created_at
FROM chat.push_subscription WHERE user_id = :userId AND session_id > :after::text::uuid ORDER BY session_id LIMIT :size;

-- Reads the reports that the user made, without the copies of other people's messages.
-- name: exportReportsBy
SELECT id::text AS position, id, channel_id, seq, user_id, reason, created_at, resolved_at
FROM chat.abuse_report WHERE by_id = :userId AND id > :after::text::bigint ORDER BY id LIMIT :size;

-- Reads the reports about the user, with the copy of the user's message, but without the reporter
-- and the reason.
-- name: exportReportsAbout
SELECT id::text AS position, id, channel_id, seq, content_type, data, created_at, resolved_at
FROM chat.abuse_report WHERE user_id = :userId AND id > :after::text::bigint ORDER BY id LIMIT :size;

-- Reads audit lines about the user. Only these actions have a user id as target. The target of
-- other actions can be a channel id that looks like a user id.
-- name: exportAuditAbout
SELECT id::text AS position, at, actor, action, target, detail FROM (
  (SELECT * FROM chat.audit t WHERE t.target = :userId AND (t.action LIKE 'user.%' OR t.action LIKE 'bot.%')
     AND t.id > :after::text::bigint ORDER BY t.id LIMIT :size)
  UNION ALL
  (SELECT * FROM chat.audit m WHERE m.action = 'channel.member' AND m.detail->>'user' = :userId
     AND m.id > :after::text::bigint ORDER BY m.id LIMIT :size)
) lines ORDER BY lines.id LIMIT :size;

-- Reads audit lines of the user's own actions, without the details, because the details are about
-- other users.
-- name: exportAuditBy
SELECT id::text AS position, at, action, target
FROM chat.audit WHERE actor = :userId AND id > :after::text::bigint ORDER BY id LIMIT :size;

-- Reads the next channels by id. `has_entries`: whether the user sent entries in the channel. The
-- ORDER BY in the subquery makes PostgreSQL use the index, however many entries it expects.
-- name: walkChannels
SELECT h.channel_id AS id, (
  SELECT m.client_id FROM chat.message m WHERE m.channel_id = h.channel_id AND m.sender_id = :userId ORDER BY m.client_id LIMIT 1
) IS NOT NULL AS has_entries
FROM chat.channel_head h WHERE h.channel_id > :afterChannel ORDER BY h.channel_id LIMIT :size;

-- Reads memberships, including ended ones and bans. Leaves out the channel's name if the user has
-- left, because the channel may have been renamed since.
-- name: exportMemberships
SELECT m.channel_id, CASE WHEN m.left_seq IS NULL THEN c.name ELSE '' END AS channel_name, c.kind::text AS channel_kind,
  CASE m.user_id WHEN c.pair_low THEN c.pair_high WHEN c.pair_high THEN c.pair_low END AS "with",
  m.role, m.joined_at, m.joined_seq, m.stay_seq, m.left_seq, m.left_by_choice, m.muted_until, m.banned_until, m.notify, m.delivered_seq, m.read_seq,
  m.receipt_at, m.marked_unread
FROM chat.member m JOIN chat.channel c ON c.id = m.channel_id
WHERE m.user_id = :userId AND m.channel_id = ANY (:channelIds::int[]) ORDER BY m.channel_id;

-- Reads entries that the user sent in a channel, by client id. `in_effect`: for a reaction, whether
-- it still counts; NULL for other entries.
-- name: exportEntries
SELECT m.client_id AS position, m.channel_id, m.seq, m.kind, m.sent_at, m.target_seq, m.content_type, m.data, m.mentions, m.edited_at, m.deleted_at, m.pinned_at,
  CASE WHEN m.kind = :KIND_REACT THEN EXISTS (
    SELECT FROM chat.reaction r
    WHERE r.channel_id = m.channel_id AND r.seq = m.target_seq AND r.user_id = m.sender_id AND r.emoji = convert_from(m.data, 'UTF8')
  ) END AS in_effect,
  ARRAY(SELECT l.file_id FROM chat.message_file l WHERE l.channel_id = m.channel_id AND l.seq = m.seq ORDER BY l.place) AS file_ids
FROM chat.message m WHERE m.channel_id = :channelId AND m.sender_id = :userId AND m.client_id > :after
ORDER BY m.client_id LIMIT :size;
