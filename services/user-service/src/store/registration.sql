-- Tests whether an invitation to register is open.
-- name: readInvitation
SELECT chat.is_invited(:code) AS is_open;

-- Counts one use of an invitation, unless it is used up, expired or revoked. Its row stays locked
-- until the end of the transaction.
-- name: useInvitation
SELECT chat.use_invitation(:code) AS is_used;

-- Tests whether there is any account.
-- name: readAnyAccount
SELECT EXISTS (SELECT FROM chat.users) AS has_accounts;
