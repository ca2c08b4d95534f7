-- Reads channels as one user sees them. A user is present if they have a live seat of the current
-- ownership and the lease of its server is live. A reader who is neither present nor a member sees
-- only the names of users that anyone may find, and no names in an unlisted chat. IS NOT DISTINCT
-- FROM keeps the planner off the index by server, with which the query would read all seats of the
-- server.
-- name: describe
SELECT :CHANNEL,
  my.rank AS my_rank, o.role AS offered,
  CASE WHEN my.reads THEN h.last_seq ELSE 0 END AS last_seq, CASE WHEN my.reads THEN h.log_id::text ELSE '' END AS log_id,
  inside.people, inside.users
FROM chat.channel c
JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.listing l ON l.channel_id = c.id
LEFT JOIN chat.server s ON s.instance_id = h.instance_id AND s.lease_until > now()
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = :readerId
LEFT JOIN chat.offer o ON o.channel_id = c.id AND o.user_id = :readerId AND o.lapses_at > now()
CROSS JOIN LATERAL (
  SELECT CASE WHEN c.owner_id = :readerId AND c.kind <> 'direct' THEN 'owner'
      WHEN c.kind <> 'room' AND m.user_id IS NOT NULL AND m.left_seq IS NULL THEN m.role ELSE 'none' END AS rank,
    c.retention_seconds IS DISTINCT FROM 0 AND CASE WHEN c.kind = 'room' THEN m.banned_until IS NULL OR m.banned_until <= now()
      ELSE m.user_id IS NOT NULL AND m.left_seq IS NULL END AS reads
) my
CROSS JOIN LATERAL (
  SELECT my.rank <> 'none' OR EXISTS (SELECT FROM chat.seat x WHERE x.channel_id = c.id AND x.user_id = :readerId AND x.live) AS too
) am
CROSS JOIN LATERAL (
  SELECT count(*) AS people, coalesce(json_agg(json_build_object('id', u.id, 'name', u.name, 'number', u.number) ORDER BY u.id)
    FILTER (WHERE am.too OR c.kind IN ('room', 'public') AND u.visibility IN ('everyone', 'users')), '[]') AS users
  FROM (
    SELECT seated.user_id, row_number() OVER (ORDER BY seated.user_id) AS place FROM (
      SELECT DISTINCT x.user_id FROM chat.seat x
      WHERE x.channel_id = c.id AND x.live AND x.instance_id IS NOT DISTINCT FROM s.instance_id AND x.epoch = h.epoch
      ORDER BY x.user_id LIMIT :maxCounted::int
    ) seated
  ) here
  LEFT JOIN chat.users u ON u.id = here.user_id AND here.place <= CASE WHEN c.kind = 'room' THEN :maxUsersOfRoom::int ELSE :maxUsersOfChat::int END
) inside
WHERE c.id = ANY (:channelIds::int[]) AND c.deleted_at IS NULL;

-- Creates a channel. NULL means unlimited retention. Run after lockUser. Returns no row if the
-- owner has the maximum number of channels.
-- name: createChannel
INSERT INTO chat.channel (owner_id, name, user_limit, kind, retention_seconds, retention_count, :SETTING_COLUMNS, open_history, metadata)
SELECT :ownerId::varchar, :name, :limit, :kind::chat.channel_kind, :retentionSeconds, :retentionCount, :SETTING_VALUES, :isOpenHistory, :metadata::json
WHERE (SELECT count(*) FROM chat.channel WHERE owner_id = :ownerId::varchar AND deleted_at IS NULL AND kind <> 'direct') < :maxChannels
RETURNING id;

-- Updates a channel; NULL leaves a field unchanged. Retention changes only if `changesRetention`;
-- then NULL means unlimited. Run after lockChannel.
-- name: updateChannel
UPDATE chat.channel SET name = coalesce(:name, name), user_limit = coalesce(:limit, user_limit),
  :SETTING_CHANGES, metadata = coalesce(:metadata::json, metadata), kind = coalesce(:kind::chat.channel_kind, kind),
  retention_seconds = CASE WHEN :changesRetention THEN :retentionSeconds::int ELSE retention_seconds END, retention_count = CASE WHEN :changesRetention THEN :retentionCount::int ELSE retention_count END,
  updated_at = now()
WHERE id = :channelId;

-- Starts a new log for a channel that begins or ceases to have history. Run after lockChannel. Old
-- seqs lose their meaning, so the log gets a new id, and readers of the old log must reset. The
-- epoch increases and instance_id becomes NULL, which fences the previous owning server. A batch
-- that it has in flight either was committed before this lock or fails. Its reconciler ends the
-- streams with `moved`, and the next Listen places the channel on a server that reads the new head.
-- A log that begins to have history starts at seq 1, and the last rows of an older log are deleted
-- here (retention has deleted most of them before). A log that ceases to have history gets a first
-- seq above its last seq, so nothing is readable, and retention deletes the rows. Outgoing webhooks
-- begin at the first entry of a log that starts at 1; a gateway that is sending loses its lease, so
-- that it cannot write a seq of the old log. Two statements update the members, because a single
-- update of left_seq would announce every current member as changed.
-- name: startLog
WITH head AS (
  UPDATE chat.channel_head SET log_id = gen_random_uuid(), epoch = epoch + 1, instance_id = NULL, revision = revision + 1,
    last_seq = CASE WHEN :hasHistory THEN 0 ELSE last_seq END, first_seq = CASE WHEN :hasHistory THEN 1 ELSE last_seq + 1 END,
    stored_bytes = CASE WHEN :hasHistory THEN 0 ELSE stored_bytes END, stored_rows = CASE WHEN :hasHistory THEN 0 ELSE stored_rows END
  WHERE channel_id = :channelId RETURNING channel_id
), rest AS (
  DELETE FROM chat.message WHERE channel_id = :channelId AND :hasHistory
  RETURNING sender_id, kind, chat.stored_bytes(data, content_type, mentions) AS bytes
), usage AS (
  INSERT INTO chat.usage AS u (user_id, bytes, rows)
  SELECT sender_id, -sum(bytes), -count(*) FROM rest WHERE kind <> :KIND_MEMBER AND EXISTS (SELECT FROM head) GROUP BY sender_id ORDER BY sender_id
  ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, rows = u.rows + excluded.rows
), notices AS (
  DELETE FROM chat.notification WHERE channel_id = :channelId AND seq IS NOT NULL
), hooks AS (
  UPDATE chat.outgoing_webhook SET seq = 0, lease = NULL, due_at = now() WHERE channel_id = :channelId AND :hasHistory RETURNING id
), failures AS (
  DELETE FROM chat.outgoing_failure f USING hooks WHERE f.webhook_id = hooks.id
), living AS (
  UPDATE chat.member SET joined_seq = 0, stay_seq = NULL, delivered_seq = 0, read_seq = 0 WHERE channel_id = :channelId AND left_seq IS NULL
)
UPDATE chat.member SET joined_seq = 0, stay_seq = NULL, left_seq = 0, delivered_seq = 0, read_seq = 0 WHERE channel_id = :channelId AND left_seq IS NOT NULL;

-- Creates the direct chat of two users, ordered by the bytes of their ids. Returns no row if a
-- committed direct chat of the two exists already.
-- name: createDirect
INSERT INTO chat.channel (owner_id, name, user_limit, kind, pair_low, pair_high, retention_seconds)
VALUES (:openerId, '', 2, 'direct', :low, :high, :retentionSeconds)
ON CONFLICT (pair_low, pair_high) WHERE kind = 'direct' AND deleted_at IS NULL DO NOTHING RETURNING id;
