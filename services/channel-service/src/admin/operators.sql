-- Reads an account that is not deleted, by id in any case.
-- name: readAccount
SELECT id, name, number, role, status FROM chat.users WHERE lower(id) = lower(:userId) AND status <> 'deleted';

-- Sets the role and the status of an account (NULL: unchanged). Verifies its email address if that
-- address is still `verifiedEmail` (NULL: verifies nothing). Returns `done` or the refusal reason.
-- name: setUser
SELECT chat.set_user(:actorId, :userId, :role, :status, :verifiedEmail) AS outcome;

-- Reads a page of the audit log, newest first. `beforeId` is the id of the last line on the
-- previous page (NULL: first page).
-- name: listAudit
SELECT id, floor(extract(epoch FROM at) * 1000)::bigint AS at_ms, actor, action, target, detail::text AS detail
FROM chat.audit WHERE :beforeId::bigint IS NULL OR id < :beforeId ORDER BY id DESC LIMIT :size;
