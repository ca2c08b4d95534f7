-- Reads a page of the audit log, newest first. $1 id of the last line on the previous page (NULL:
-- first page), $2 page size.
SELECT id, floor(extract(epoch FROM at) * 1000)::bigint AS at_ms, actor, action, target, detail::text AS detail
FROM chat.audit WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2;
