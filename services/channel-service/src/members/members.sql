-- Reads a page of a channel's members and their offers. $1 channel, $2 last user id on the previous
-- page, $3 page size, $4 whether to include past members and banned non-members, $5 whether to
-- include only users anyone may find, $6 reader.
SELECT u.id, u.name, u.number, m.left_seq IS NULL AS inside,
  CASE WHEN c.owner_id = u.id AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS rank, o.role AS offered
FROM chat.member m JOIN chat.users u ON u.id = m.user_id JOIN chat.channel c ON c.id = m.channel_id
LEFT JOIN chat.offer o ON o.channel_id = m.channel_id AND o.user_id = m.user_id AND o.lapses_at > now() AND ($4 OR o.user_id = $6)
WHERE m.channel_id = $1 AND m.user_id > $2 AND (m.left_seq IS NULL OR $4) AND (NOT $5 OR u.visibility IN ('everyone', 'users'))
ORDER BY m.user_id LIMIT $3;
