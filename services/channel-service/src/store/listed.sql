-- One page of what a user may see: $1 the user, $2 the last id of the page before, $3 how many.
-- Two branches, each by its own index and each no longer than the page.
(SELECT c.id FROM chat.channel c
 WHERE c.id > $2 AND c.deleted_at IS NULL AND c.kind IN ('room', 'public') ORDER BY c.id LIMIT $3)
UNION ALL
(SELECT c.id FROM chat.member m JOIN chat.channel c ON c.id = m.channel_id
 WHERE m.user_id = $1 AND m.left_seq IS NULL AND c.id > $2 AND c.deleted_at IS NULL AND c.kind NOT IN ('room', 'public')
 ORDER BY c.id LIMIT $3)
ORDER BY id LIMIT $3;
