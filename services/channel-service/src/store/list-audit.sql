-- The newest first: $1 the id of the last one of the page before (NULL: the first page), $2 how many.
SELECT id, floor(extract(epoch FROM at) * 1000)::bigint AS at_ms, actor, action, target, detail::text AS detail
FROM chat.audit WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2;
