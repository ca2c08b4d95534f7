-- Finds the account for a login: `userId` is a user id or a verified email address, in any case;
-- only an address contains '@'. `is_familiar`: the account has an unexpired session from the
-- caller's address.
-- name: findAccount
SELECT u.id, u.password_hash, u.status, EXISTS (
  SELECT FROM chat.session s WHERE s.user_id = u.id AND s.address = :address AND s.expires_at > now()
) AS is_familiar
FROM (
  SELECT id, password_hash, status FROM chat.users WHERE lower(id) = lower(:userId)
  UNION ALL
  SELECT id, password_hash, status FROM chat.users WHERE email_verified AND lower(email) = lower(:userId)
) u;

-- Reads the profile of a user, by id or by number, if the reader may see it.
-- name: readProfile
SELECT u.id, u.number, u.name, u.role, u.status, p.about, p.avatar_id, p.last_seen_at, p.online, p.bot,
  CASE WHEN u.id = :readerId OR :readerRole::text = 'admin' THEN u.email END AS email,
  (u.id = :readerId OR :readerRole = 'admin') AND u.email_verified AS email_verified,
  CASE WHEN u.id = :readerId THEN u.visibility END AS visibility,
  u.id = :readerId AND u.private_reads AS private_reads,
  CASE WHEN u.id = :readerId OR :readerRole = 'admin' THEN floor(extract(epoch FROM u.created_at) * 1000)::bigint END AS created_ms,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = :readerId AND k.blocked_id = u.id) AS blocked
FROM chat.users u CROSS JOIN LATERAL chat.profile(:readerId::varchar, :readerRole, u.id) p
WHERE (lower(u.id) = lower(:userId) OR u.number = :number::int) AND p.is_visible;

-- Updates an account. NULL leaves a field unchanged, and '' removes the email or the avatar.
-- Returns no row if the password is no longer the one that was verified. A new address is
-- unverified; a change of upper and lower case does not make it new.
-- name: updateAccount
UPDATE chat.users u SET
  name = coalesce(:name, name),
  about = coalesce(:about, about),
  visibility = coalesce(:visibility, visibility),
  private_reads = coalesce(:privateReads, private_reads),
  email = CASE WHEN :email::text IS NULL THEN email ELSE nullif(:email, '') END,
  email_verified = email_verified AND (:email IS NULL OR coalesce(lower(:email) = lower(email), false)),
  avatar_id = CASE WHEN :avatarId::text IS NULL THEN avatar_id ELSE nullif(:avatarId, '')::uuid END,
  password_hash = coalesce(:newHash, password_hash),
  password_state = CASE WHEN :newHash::text IS NULL THEN password_state ELSE 'own' END
WHERE id = :userId AND (:verifiedHash::text IS NULL OR password_hash = :verifiedHash)
RETURNING id;

-- Gives a user a one-time password, for an operator. Returns `done` or the refusal reason.
-- name: resetPassword
SELECT chat.reset_password(:actorId, :userId, :hash) AS outcome;

-- Finds the distinct beginnings of password hashes. Each step looks for the next one in the index, so
-- this reads as many entries as there are schemes and costs.
-- name: findHashPrefixes
WITH RECURSIVE found AS (
  (SELECT left(u.password_hash, 7) AS prefix FROM chat.users u WHERE u.password_hash LIKE '$%' ORDER BY left(u.password_hash, 7) LIMIT 1)
  UNION ALL
  SELECT later.prefix FROM found CROSS JOIN LATERAL (
    SELECT left(u.password_hash, 7) AS prefix FROM chat.users u
    WHERE u.password_hash LIKE '$%' AND left(u.password_hash, 7) > found.prefix ORDER BY left(u.password_hash, 7) LIMIT 1
  ) later
)
SELECT prefix FROM found;
