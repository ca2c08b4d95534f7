-- Why a stream lost its seat: $1 channel, $2 user, $3 session, $4 this server's boot id.
SELECT CASE
    WHEN c.deleted_at IS NOT NULL THEN 'channel-deleted'
    WHEN u.status <> 'active' THEN 'suspended'
    WHEN s.revoked_at IS NOT NULL OR s.expires_at <= now() THEN 'logged-out'
    WHEN m.banned_until > now() OR m.left_seq IS NOT NULL THEN 'removed'
    WHEN h.boot_id IS DISTINCT FROM $4 THEN 'moved'
    -- Nobody sits elsewhere: the seats of a server that was out of reach for long are purged.
    WHEN NOT EXISTS (SELECT FROM chat.seat x WHERE x.user_id = u.id AND x.exclusive) THEN 'moved'
    ELSE 'replaced'
  END AS reason
FROM chat.channel c
JOIN chat.channel_head h ON h.channel_id = c.id
JOIN chat.users u ON u.id = $2
LEFT JOIN chat.session s ON s.id = $3
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = u.id
WHERE c.id = $1;
