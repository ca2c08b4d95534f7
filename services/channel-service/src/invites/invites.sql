-- Creates an invitation to a channel or, without a channel, an invitation to register. Run after
-- lockChannel. Returns no row if the channel (or, for invitations to register, the whole system)
-- has the maximum number of valid invitations.
-- name: createInvite
INSERT INTO chat.invite (id, channel_id, created_by, max_uses, expires_at)
SELECT :id, :channelId, :createdBy, :maxUses, to_timestamp(:expiresAtMs::bigint / 1000.0)
WHERE (SELECT count(*) FROM (
  SELECT FROM chat.invite i WHERE i.channel_id IS NOT DISTINCT FROM :channelId::int AND i.revoked_at IS NULL
    AND (i.max_uses IS NULL OR i.use_count < i.max_uses) AND (i.expires_at IS NULL OR i.expires_at > statement_timestamp()) LIMIT :most
) valid) < :most
RETURNING id, channel_id, created_by, use_count, max_uses, round(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms, false AS expired;

-- Reads an invitation. `expired`: it is revoked, used up or past its time of expiry.
-- name: readInvite
SELECT id, channel_id, created_by, use_count, max_uses, round(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms,
  revoked_at IS NOT NULL OR coalesce(use_count >= max_uses, false) OR coalesce(expires_at <= statement_timestamp(), false) AS expired
FROM chat.invite WHERE id = :id;

-- Lists the invitations to a channel or, without a channel, the invitations to register: the valid
-- ones first, and then the newest others.
-- name: listInvites
SELECT id, channel_id, created_by, use_count, max_uses, round(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms,
  revoked_at IS NOT NULL OR coalesce(use_count >= max_uses, false) OR coalesce(expires_at <= statement_timestamp(), false) AS expired
FROM chat.invite WHERE channel_id IS NOT DISTINCT FROM :channelId::int ORDER BY expired, created_at DESC, id LIMIT :most;

-- Counts one use of an invitation. Returns no row if it is revoked, used up or past its time of
-- expiry. Run after lockChannel, so that the invitations of a channel are used one after the other.
-- name: spendInvite
UPDATE chat.invite SET use_count = use_count + 1, used_at = now() WHERE id = :id AND channel_id = :channelId AND revoked_at IS NULL
  AND (max_uses IS NULL OR use_count < max_uses) AND (expires_at IS NULL OR expires_at > statement_timestamp())
RETURNING id;

-- Revokes an invitation. Returns no row if it was revoked before.
-- name: revokeInvite
UPDATE chat.invite SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL
RETURNING id, channel_id, created_by, use_count, max_uses, round(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms, true AS expired;
