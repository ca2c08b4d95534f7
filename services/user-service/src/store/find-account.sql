-- Finds the account for a login. $1 user id or email address, in any case; only an address contains
-- '@'. Addresses are unverified, so several accounts may share one, and it logs in the account that
-- has had it longest. $2 address of the caller; `familiar`: the account has an unexpired session
-- from there.
SELECT u.id, u.password_hash, u.status, EXISTS (
  SELECT FROM chat.session s WHERE s.user_id = u.id AND s.address = $2 AND s.expires_at > now()
) AS familiar
FROM (
  SELECT id, password_hash, status FROM chat.users WHERE lower(id) = lower($1)
  UNION ALL
  (SELECT id, password_hash, status FROM chat.users WHERE email IS NOT NULL AND lower(email) = lower($1)
   ORDER BY email_since, number LIMIT 1)
) u;
