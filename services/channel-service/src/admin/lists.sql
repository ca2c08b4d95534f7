-- Finds a page of accounts, ordered by number.
-- name: listNumbers
SELECT number FROM chat.users WHERE number > :afterNumber::bigint ORDER BY number LIMIT :size;

-- Finds a page of accounts of one status, ordered by number. Ranges and this order keep a generic
-- plan on the index of both columns: it assumes that every status is common.
-- name: listNumbersOfStatus
SELECT number FROM chat.users WHERE (status, number) > (:status, :afterNumber::bigint) AND status <= :status ORDER BY status, number LIMIT :size;

-- Finds a page of accounts by the start of their id, name or email address, ignoring case, ordered
-- by number (status NULL: any). Each part scans one index; no character sorts after chr(1114111).
-- name: findNumbers
SELECT DISTINCT match.number FROM (
  SELECT i.number, i.status FROM chat.users i WHERE lower(i.id) ~>=~ lower(:prefix::text) AND lower(i.id) ~<~ (lower(:prefix) || chr(1114111))
  UNION ALL SELECT n.number, n.status FROM chat.users n WHERE lower(n.name) ~>=~ lower(:prefix) AND lower(n.name) ~<~ (lower(:prefix) || chr(1114111))
  UNION ALL SELECT e.number, e.status FROM chat.users e
    WHERE e.email IS NOT NULL AND lower(e.email) ~>=~ lower(:prefix) AND lower(e.email) ~<~ (lower(:prefix) || chr(1114111))
) match
WHERE match.number > :afterNumber::bigint AND (:status::text IS NULL OR match.status = :status) ORDER BY match.number LIMIT :size;

-- Reads accounts as an operator sees them, ordered by number.
-- name: readAccounts
SELECT id, name, number, role, status, coalesce(email, '') AS email, email_verified, bot,
  coalesce(floor(extract(epoch FROM last_seen_at) * 1000)::bigint, 0) AS last_seen_ms,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = :readerId AND k.blocked_id = users.id) AS blocked
FROM chat.users WHERE number = ANY (:numbers::int[]) ORDER BY number;

-- Finds a page of channels of every kind, ordered by id.
-- name: listChannelIds
SELECT id FROM chat.channel WHERE deleted_at IS NULL AND id > :afterId::bigint ORDER BY id LIMIT :size;

-- Finds a page of channels of every kind by the start of their name, ignoring case, ordered by id.
-- Materialized, because a generic plan would look for the names in the order of the ids.
-- name: findChannelIds
WITH match AS MATERIALIZED (
  SELECT id FROM chat.channel WHERE deleted_at IS NULL AND lower(name) ~>=~ lower(:prefix::text) AND lower(name) ~<~ (lower(:prefix) || chr(1114111))
)
SELECT id FROM match WHERE id > :afterId::bigint ORDER BY id LIMIT :size;

-- Finds a page of abuse reports, the newest first.
-- name: listReports
SELECT id FROM chat.abuse_report WHERE id < :beforeId ORDER BY id DESC LIMIT :size;

-- Finds a page of the abuse reports that are not resolved, the newest first.
-- name: listOpenReports
SELECT id FROM chat.abuse_report WHERE resolved_at IS NULL AND id < :beforeId ORDER BY id DESC LIMIT :size;

-- Reads abuse reports, the newest first.
-- name: readReports
SELECT id, by_id, user_id, channel_id, seq, reason, content_type, data, floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms,
  resolved_at IS NOT NULL AS resolved
FROM chat.abuse_report WHERE id = ANY (:ids::bigint[]) ORDER BY id DESC;

-- Resolves an abuse report. Returns whether the report was open, or no row if it does not exist.
-- name: resolveReport
WITH was AS (SELECT id, resolved_at IS NULL AS open FROM chat.abuse_report WHERE id = :id FOR NO KEY UPDATE), done AS (
  UPDATE chat.abuse_report r SET resolved_at = now(), resolved_by = :byId FROM was WHERE r.id = was.id AND was.open
)
SELECT open AS was_open FROM was;
