-- $1 this server's boot id. Over: its session has ended, or its user may not be here any more.
SELECT t.id, t.live, t.join_by < now() AS late, u.status <> 'active' OR coalesce(s.revoked_at IS NOT NULL OR s.expires_at <= now(), false) AS over
FROM chat.seat t JOIN chat.users u ON u.id = t.user_id LEFT JOIN chat.session s ON s.id = t.session_id WHERE t.boot_id = $1;
