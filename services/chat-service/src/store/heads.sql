-- Reads the heads of all channels that this server owns.
-- name: ownedHeads
SELECT channel_id, epoch, first_seq, last_seq, revision, stored_bytes, stored_rows FROM chat.channel_head WHERE instance_id = :instanceId;

-- Reads channels and their heads. Returns no row for a channel that this server does not own, or that
-- is deleted.
-- name: ownedChannels
SELECT c.id AS channel_id, c.kind, c.owner_id, :SETTINGS, c.retention_seconds IS DISTINCT FROM 0 AS has_history,
  h.epoch, h.log_id, h.first_seq, h.last_seq, h.revision, h.stored_bytes, h.stored_rows
FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id
WHERE h.channel_id = ANY (:channelIds::int[]) AND h.instance_id = :instanceId AND c.deleted_at IS NULL;

-- Reads the settings of a channel and the memberships of connected users. Returns no row if the
-- channel does not exist.
-- name: readMembers
SELECT h.revision, c.owner_id, :SETTINGS, (
  SELECT coalesce(json_agg(json_build_object('userId', m.user_id, 'role', m.role, 'leftSeq', m.left_seq, 'visibleAfter', :VISIBLE_AFTER,
    'bannedForMs', :BANNED_FOR_MS,
    'mutedUntilMs', :MUTED_UNTIL_MS)), '[]')
  FROM chat.member m WHERE m.channel_id = :channelId AND m.user_id = ANY (:userIds::varchar[])
) AS members
FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id WHERE h.channel_id = :channelId;

-- Reads the rights of pairs of a user and a channel: the membership if there is one, and the revision
-- at which it is true. `pair` is the number of the pair: 1, 2, 3, ... LATERAL with LIMIT makes each
-- lookup an index probe.
-- name: readRights
SELECT pair.number AS pair, h.revision, m.role, m.left_seq, :VISIBLE_AFTER AS visible_after,
  :BANNED_FOR_MS AS banned_for_ms,
  :MUTED_UNTIL_MS AS muted_until_ms
FROM unnest(:channelIds::int[], :userIds::varchar[]) WITH ORDINALITY AS pair (channel_id, user_id, number)
CROSS JOIN LATERAL (SELECT x.revision FROM chat.channel_head x WHERE x.channel_id = pair.channel_id LIMIT 1) h
CROSS JOIN LATERAL (SELECT x.open_history FROM chat.channel x WHERE x.id = pair.channel_id LIMIT 1) c
LEFT JOIN LATERAL (
  SELECT * FROM chat.member x WHERE x.channel_id = pair.channel_id AND x.user_id = pair.user_id LIMIT 1
) m ON true;

-- Renews the lease of this server. Returns NULL if no manager has registered the server, or if the
-- server has stopped.
-- name: renewLease
SELECT chat.renew_lease(:instanceId, :secret, make_interval(secs => :seconds)) AS lease_until;

-- Returns whether this server's row says that it has stopped, so that managers send nobody here.
-- name: hasStopped
SELECT state = 'stopped' AS stopped FROM chat.server WHERE instance_id = :instanceId;

-- Releases channels, so that the next Listen can place them at once.
-- name: releaseHeads
SELECT chat.give_back(:instanceId, h.channel_id, h.epoch) AS released
FROM unnest(:channelIds::int[], :epochs::bigint[]) AS h (channel_id, epoch);

-- Releases channels without live or reserved seats, and returns the ids of those released.
-- name: releaseEmptyHeads
SELECT chat.give_back_empty(:instanceId, :channelIds::int[], :epochs::bigint[]) AS channel_id;
