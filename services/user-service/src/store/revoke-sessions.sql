-- Revokes sessions of user $1. $2 the only session to revoke, or NULL; $3 the session to spare, or
-- NULL.
UPDATE chat.session SET revoked_at = now()
WHERE user_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)
RETURNING id;
