-- Who logs in: $1 a user id or an e-mail address, in any case; only the address has an '@'. Nobody proves that an address is theirs, so
-- several accounts may have the same one: it is the login name of the oldest of them. $2 the address of the caller; `familiar`: somebody
-- who knew the password came from there lately.
SELECT u.id, u.password_hash, u.status, EXISTS (
  SELECT FROM chat.session s WHERE s.user_id = u.id AND s.address = $2 AND s.expires_at > now()
) AS familiar
FROM (
  SELECT id, password_hash, status FROM chat.users WHERE lower(id) = lower($1)
  UNION ALL
  (SELECT id, password_hash, status FROM chat.users WHERE email IS NOT NULL AND lower(email) = lower($1) ORDER BY number LIMIT 1)
) u;
