-- One page of the members of a channel: $1 the channel, $2 the last id of the page before, $3 how many, $4 whether past ones too
-- (and who is banned without ever having been one).
SELECT u.id, u.name, u.number, m.left_seq IS NULL AS inside,
  CASE WHEN c.owner_id = u.id AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS rank
FROM chat.member m JOIN chat.users u ON u.id = m.user_id JOIN chat.channel c ON c.id = m.channel_id
WHERE m.channel_id = $1 AND m.user_id > $2 AND (m.left_seq IS NULL OR $4) ORDER BY m.user_id LIMIT $3;
