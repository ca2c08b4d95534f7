-- Returns the owner of a listed channel that may rise in the list. Returns no row if the channel
-- rose in the last 10 minutes or the listener owns it.
-- name: findRising
SELECT c.owner_id FROM chat.listing l JOIN chat.channel c ON c.id = l.channel_id
WHERE l.channel_id = :channelId AND c.owner_id <> :listenerId
  AND l.active_at NOT BETWEEN statement_timestamp() - interval '10 min' AND statement_timestamp();

-- Moves a listed channel to the front of the list.
-- name: raise
UPDATE chat.listing SET active_at = statement_timestamp() WHERE channel_id = :channelId;

-- Updates the order of the public list from the activity of channels that a live server owns. Such
-- a channel has users, because a server gives up an empty channel within minutes; without recent
-- messages it counts as used an hour ago. At most 5 channels of an owner rise. The channels that
-- rose within the last 10 minutes are the first of these 5.
-- name: followActivity
UPDATE chat.listing l SET active_at = seen.at FROM (
  SELECT h.channel_id, least(now(), greatest(h.last_at, now() - interval '1 h')) AS at,
    row_number() OVER (PARTITION BY c.owner_id ORDER BY x.active_at > now() - interval '10 min' DESC, h.last_at DESC, c.id) AS nth
  FROM chat.server s JOIN chat.channel_head h ON h.instance_id = s.instance_id
  JOIN chat.listing x ON x.channel_id = h.channel_id JOIN chat.channel c ON c.id = h.channel_id
  WHERE s.lease_until > now()
) seen
WHERE l.channel_id = seen.channel_id AND seen.nth <= 5 AND l.active_at < seen.at - interval '1 min';
