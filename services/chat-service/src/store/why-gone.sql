-- Returns the reason why each stream has lost its seat, in order: $1 this server's instance id;
-- $2.. channel, user and session of each stream. NULL if no reason is known: the seat was used, was
-- too late, or belongs to a server that was out of reach for long.
SELECT CASE
    WHEN c.id IS NULL OR c.deleted_at IS NOT NULL THEN 'channel-deleted'
    WHEN u.status <> 'active' THEN 'suspended'
    WHEN s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= now() THEN 'logged-out'
    WHEN m.banned_until > now() OR (m.left_seq IS NOT NULL AND c.kind <> 'room') THEN 'removed' -- rooms do not use left_seq
    WHEN h.boot_id IS DISTINCT FROM $1 THEN 'moved'
    WHEN EXISTS (SELECT FROM chat.seat x WHERE x.user_id = u.id AND x.exclusive) THEN 'replaced'
  END AS reason
FROM unnest($2::int[], $3::varchar[], $4::uuid[]) WITH ORDINALITY AS gone (channel_id, user_id, session_id, n)
LEFT JOIN chat.channel c ON c.id = gone.channel_id
LEFT JOIN chat.channel_head h ON h.channel_id = gone.channel_id
LEFT JOIN chat.users u ON u.id = gone.user_id
LEFT JOIN chat.session s ON s.id = gone.session_id
LEFT JOIN chat.member m ON m.channel_id = gone.channel_id AND m.user_id = gone.user_id
ORDER BY gone.n;
