-- Who logs in: $1 a user id, in any case, $2 the address of the caller. `familiar`: somebody who knew the password came from there lately.
SELECT u.id, u.password_hash, u.status, EXISTS (
  SELECT FROM chat.session s WHERE s.user_id = u.id AND s.address = $2 AND s.expires_at > now()
) AS familiar
FROM chat.users u WHERE lower(u.id) = lower($1);
