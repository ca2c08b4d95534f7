-- Updates a user; NULL leaves a field unchanged. $1 user, $2 name, $3 about, $4 visibility, $5
-- email ('' removes it), $6 avatar ('' removes it), $7 new password hash, $8 old hash that was
-- verified. Returns no row if the password has changed meanwhile. A different address counts as held
-- from now on; a change of its case does not.
UPDATE chat.users u SET
  name = coalesce($2, name),
  about = coalesce($3, about),
  visibility = coalesce($4, visibility),
  email = CASE WHEN $5::text IS NULL THEN email ELSE nullif($5, '') END,
  email_since = CASE WHEN $5 IS NULL OR lower($5) = lower(email) THEN email_since ELSE now() END,
  avatar_id = CASE WHEN $6::text IS NULL THEN avatar_id ELSE nullif($6, '')::uuid END,
  password_hash = coalesce($7, password_hash)
WHERE id = $1 AND ($8::text IS NULL OR password_hash = $8)
RETURNING id, number, name, role, status, about, avatar_id, email, last_seen_at,
  EXISTS (SELECT FROM chat.seat s WHERE s.user_id = u.id AND s.live) AS online;
