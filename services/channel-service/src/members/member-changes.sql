-- Appends an encoded MemberChange to the log. Run after lockChannel. The head stays locked until
-- the commit, so every earlier entry has a seq of at most `before` and every later one a seq above
-- `at`. Epoch and instance_id stay unchanged: the owning server continues and learns from the seqs
-- of its next batch that another process has written.
-- name: appendMemberChange
WITH head AS (
  UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = greatest(last_at, statement_timestamp()), revision = revision + 1,
    stored_bytes = stored_bytes + chat.stored_bytes(:change::bytea, '', '{}'), stored_rows = stored_rows + 1
  WHERE channel_id = :channelId RETURNING channel_id, last_seq, last_at
)
INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
SELECT channel_id, last_seq, :KIND_MEMBER, :byId, gen_random_uuid(), last_at, :change::bytea, sha256(:change::bytea) FROM head
RETURNING seq - 1 AS before, seq AS at;

-- Increments the revision of the members and settings, so the owning server learns of a change that
-- is not a log entry. Run after lockChannel.
-- name: nextRevision
UPDATE chat.channel_head SET revision = revision + 1 WHERE channel_id = :channelId RETURNING last_seq AS before, last_seq AS at;

-- Reads the number of members of a channel. Run after lockChannel.
-- name: countMembers
SELECT members FROM chat.channel_head WHERE channel_id = :channelId;

-- Adds or re-adds members, and deletes their offers. With open history, a returning member keeps
-- the `joined_seq` of their first join. With closed history, `joined_seq` moves forward, so they
-- cannot read what was written before they returned. `stay_seq` always says where this stay begins.
-- The order is that of `chat.save_receipts`.
-- name: enter
WITH over AS (DELETE FROM chat.offer WHERE channel_id = :channelId AND user_id = ANY (:userIds))
INSERT INTO chat.member AS m (channel_id, user_id, joined_seq, stay_seq)
SELECT :channelId::int, n.user_id, :afterSeq::bigint, :afterSeq FROM unnest(:userIds::varchar[]) AS n (user_id) ORDER BY n.user_id
ON CONFLICT (channel_id, user_id) DO UPDATE SET left_seq = NULL, joined_at = now(), left_by_choice = false, stay_seq = excluded.stay_seq,
  joined_seq = CASE WHEN :isOpenHistory AND m.left_seq > 0 THEN m.joined_seq ELSE excluded.joined_seq END;

-- Ends a membership, and deletes the user's offer and notifications in the channel. `lastSeq` is
-- the last seq that the user may still read.
-- name: leave
WITH over AS (DELETE FROM chat.offer WHERE channel_id = :channelId AND user_id = :userId),
  notices AS (DELETE FROM chat.notification WHERE channel_id = :channelId AND user_id = :userId)
UPDATE chat.member SET left_seq = :lastSeq, role = 'member', left_by_choice = :byChoice WHERE channel_id = :channelId AND user_id = :userId;

-- Mutes a user until a time in Unix ms (0 lifts the mute). A non-member gets a row that grants no
-- access.
-- name: mute
INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, muted_until)
VALUES (:channelId, :userId, 0, 0, to_timestamp(nullif(:untilMs::float8, 0) / 1000))
ON CONFLICT (channel_id, user_id) DO UPDATE SET muted_until = excluded.muted_until;

-- Bans a user until a time in Unix ms (0 lifts the ban). A non-member gets a row with left_seq = 0,
-- which grants no access.
-- name: ban
INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until)
VALUES (:channelId, :userId, 0, 0, to_timestamp(nullif(:untilMs::float8, 0) / 1000))
ON CONFLICT (channel_id, user_id) DO UPDATE SET banned_until = excluded.banned_until;

-- Makes a user the owner, and ends their mute, because nobody could lift it later. Run after
-- lockChannel and lockUser. Returns no row if the user has the maximum number of channels.
-- name: transferOwnership
WITH over AS (DELETE FROM chat.offer WHERE channel_id = :channelId AND role = 'owner'),
  voice AS (UPDATE chat.member SET muted_until = NULL WHERE channel_id = :channelId AND user_id = :userId AND muted_until IS NOT NULL)
UPDATE chat.channel SET owner_id = :userId, updated_at = now()
WHERE id = :channelId AND (SELECT count(*) FROM chat.channel WHERE owner_id = :userId AND deleted_at IS NULL AND kind <> 'direct') < :maxChannels
RETURNING id;

-- Offers a role in a channel to a user. Run after lockChannel. Ownership is offered to one user at
-- a time. Returns no row if the user has the maximum number of offers, in total or from
-- `payerId`, who is the offerer or, if a channel's bot offers, its creator. The offers of a user
-- and of the bots that they made for channels count together.
-- name: offerRole
WITH before AS (DELETE FROM chat.offer WHERE channel_id = :channelId AND role = 'owner' AND :role = 'owner' AND user_id <> :userId)
INSERT INTO chat.offer (channel_id, user_id, role, offered_by) SELECT :channelId, :userId::varchar, :role, :byId::varchar
WHERE (SELECT count(*) FROM chat.offer o WHERE o.user_id = :userId::varchar AND o.channel_id <> :channelId AND o.lapses_at > now()) < :maxOffers
  AND (SELECT count(*) FROM chat.offer o
    WHERE o.user_id = :userId::varchar AND o.channel_id <> :channelId AND o.lapses_at > now() AND (o.offered_by = :payerId::varchar
      OR o.offered_by IN (SELECT b.user_id FROM chat.bot b WHERE b.created_by = :payerId::varchar AND b.channel_id IS NOT NULL))) < :maxOffersOfOfferer
ON CONFLICT (channel_id, user_id) DO UPDATE SET role = excluded.role, offered_by = excluded.offered_by, lapses_at = excluded.lapses_at
RETURNING role;

-- Notifies users of a change that another user made, except those who have blocked that other user.
-- name: notifyUsers
SELECT FROM (SELECT ARRAY[cardinality(:userIds::varchar[])] AS size) n, chat.notify(
  array_fill(:kind::text, n.size), array_fill(:channelId::int, n.size), array_fill(0::bigint, n.size), array_fill(:byId::varchar, n.size),
  :userIds::varchar[]);
