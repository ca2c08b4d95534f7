-- $1 user, $2 only this session or NULL, $3 all but this session or NULL.
UPDATE chat.session SET revoked_at = now()
WHERE user_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)
RETURNING id;
