-- Finds users whose folded id or name begins with a folded text, in the order of (key, number),
-- after a position. `key` is the folded id or name that matched; a user whose id and name both
-- match comes once, at the first key. `afterKey` '': from the start. `classes`: the values of
-- `findable` that the reader may see. `scan`: the number of keys to read from each index, enough
-- for a page even if each user has two keys in it.
-- name: searchUsers
WITH wanted AS (
  SELECT prefix, prefix || chr(1114111) AS past, greatest(prefix, :afterKey COLLATE "C") AS from_key,
    CASE WHEN prefix <= :afterKey COLLATE "C" THEN :afterNumber::int ELSE 0 END AS from_number
  FROM (SELECT chat.folded(:text) COLLATE "C" AS prefix) p
), keys AS (
  SELECT k.key, k.number FROM wanted w CROSS JOIN unnest(:classes::bool[]) AS c (findable) CROSS JOIN LATERAL (
    SELECT u.folded_id AS key, u.number FROM chat.users u
    WHERE u.findable = c.findable AND (u.folded_id, u.number) > (w.from_key, w.from_number) AND u.folded_id < w.past
    ORDER BY u.folded_id, u.number LIMIT :scan) k
  UNION
  SELECT k.key, k.number FROM wanted w CROSS JOIN unnest(:classes::bool[]) AS c (findable) CROSS JOIN LATERAL (
    SELECT u.folded_name AS key, u.number FROM chat.users u
    WHERE u.findable = c.findable AND (u.folded_name, u.number) > (w.from_key, w.from_number) AND u.folded_name < w.past
    ORDER BY u.folded_name, u.number LIMIT :scan) k
  UNION
  SELECT c.key COLLATE "C", c.number FROM wanted w CROSS JOIN LATERAL chat.contacts_within(:readerId, w.prefix, w.past) c
  WHERE (c.key COLLATE "C", c.number) > (w.from_key, w.from_number)
), hits AS (
  SELECT key, number FROM keys ORDER BY key, number LIMIT :scan
)
SELECT h.key, u.id, u.number, u.name, u.role, u.status, p.about, p.avatar_id, p.last_seen_at, p.online, p.bot,
  EXISTS (SELECT FROM chat.block k WHERE k.user_id = :readerId AND k.blocked_id = u.id) AS blocked
FROM wanted w CROSS JOIN hits h JOIN chat.users u ON u.number = h.number
CROSS JOIN LATERAL chat.profile(:readerId, :readerRole, u.id) p
WHERE p.is_visible AND u.number <> :exceptNumber::int AND h.key = least(
  CASE WHEN u.folded_id >= w.prefix AND u.folded_id < w.past THEN u.folded_id END,
  CASE WHEN u.folded_name >= w.prefix AND u.folded_name < w.past THEN u.folded_name END)
ORDER BY h.key, h.number LIMIT :size;
