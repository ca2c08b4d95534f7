-- Finds the account for a login: `userId` is a user id or an email address, in any case; only an
-- address contains '@'. Addresses are unverified, so several accounts may share one, and it logs in
-- the account that has had it longest. `is_familiar`: the account has an unexpired session from the
-- caller's address.
-- name: findAccount
SELECT u.id, u.password_hash, u.status, EXISTS (
  SELECT FROM chat.session s WHERE s.user_id = u.id AND s.address = :address AND s.expires_at > now()
) AS is_familiar
FROM (
  SELECT id, password_hash, status FROM chat.users WHERE lower(id) = lower(:userId)
  UNION ALL
  (SELECT id, password_hash, status FROM chat.users WHERE email IS NOT NULL AND lower(email) = lower(:userId)
   ORDER BY email_since, number LIMIT 1)
) u;

-- Reads the profile of a user, by id or by number, as far as the reader may see it.
-- name: readProfile
SELECT u.id, u.number, u.name, u.role, u.status, u.about, u.avatar_id, u.last_seen_at,
  CASE WHEN u.id = :readerId OR :readerRole::text = 'admin' THEN u.email END AS email,
  EXISTS (SELECT FROM chat.seat s WHERE s.user_id = u.id AND s.live) AS online
FROM chat.users u
WHERE (lower(u.id) = lower(:userId) OR u.number = :number::int)
  AND (u.id = :readerId OR :readerRole = 'admin' OR u.status <> 'deleted' AND CASE u.visibility
    WHEN 'everyone' THEN true
    WHEN 'users' THEN :readerRole <> 'guest'
    WHEN 'contacts' THEN EXISTS (
      SELECT FROM chat.member mine JOIN chat.member theirs USING (channel_id)
      WHERE mine.user_id = :readerId AND mine.left_seq IS NULL AND theirs.user_id = u.id AND theirs.left_seq IS NULL)
    ELSE false END);

-- Updates an account. NULL leaves a field unchanged, and '' removes the email or the avatar. Returns
-- no row if the password is no longer the one that was verified. A different address counts as held
-- from now on; a change of its case does not.
-- name: updateAccount
UPDATE chat.users u SET
  name = coalesce(:name, name),
  about = coalesce(:about, about),
  visibility = coalesce(:visibility, visibility),
  email = CASE WHEN :email::text IS NULL THEN email ELSE nullif(:email, '') END,
  email_since = CASE WHEN :email IS NULL OR lower(:email) = lower(email) THEN email_since ELSE now() END,
  avatar_id = CASE WHEN :avatarId::text IS NULL THEN avatar_id ELSE nullif(:avatarId, '')::uuid END,
  password_hash = coalesce(:newHash, password_hash)
WHERE id = :userId AND (:verifiedHash::text IS NULL OR password_hash = :verifiedHash)
RETURNING id, number, name, role, status, about, avatar_id, last_seen_at, email,
  EXISTS (SELECT FROM chat.seat s WHERE s.user_id = u.id AND s.live) AS online;
