-- Reads the moment of the snapshot: `txid`, below which it contains the events of every
-- transaction; `now`, its time; and `life`, the time at which the database server started. Times
-- are in microseconds since 1970. Events before (`floor_txid`, `floor_id`) may have been deleted.
-- `logs_begun`: how often all channels have got a new log, because the database lacked transactions.
-- name: readMoment
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS txid, (extract(epoch FROM now()) * 1000000)::bigint AS now,
  (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS life,
  coalesce(oldest.txid::text::bigint, 0) AS floor_txid, coalesce(oldest.id, 0) AS floor_id,
  coalesce((SELECT t.logs_begun FROM chat.timeline t), 0) AS logs_begun
FROM (SELECT) AS one LEFT JOIN (SELECT e.txid, e.id, e.at FROM chat.event e ORDER BY e.txid, e.id LIMIT 1) oldest
  ON oldest.at < now() - interval '1 day';

-- Reads the events after a position, in order. `is_settled`: no event of a running transaction can
-- precede it. Of the others, reads only removals, and reads them again once they are settled: the
-- memberships of the snapshot may show a stay that followed such a removal.
-- name: readEvents
SELECT e.txid::text::bigint AS txid, e.id, e.kind, coalesce(e.channel_id, 0) AS channel_id, e.user_ids,
  CASE WHEN e.kind = 'member_removed' THEN e.body ELSE '{}' END AS ended, e.txid < pg_snapshot_xmin(pg_current_snapshot()) AS is_settled
FROM chat.event e
WHERE (e.txid, e.id) > (:txid::bigint::text::xid8, :id::bigint)
  AND (e.txid < pg_snapshot_xmin(pg_current_snapshot()) OR e.kind = 'member_removed') AND e.channel_id IS NOT NULL
ORDER BY e.txid, e.id LIMIT :size;

-- Finds the newest event after a position that has `size` newer ones.
-- name: findChangeFloor
SELECT e.txid::text::bigint AS txid, e.id FROM chat.event e
WHERE (e.txid, e.id) > (:txid::bigint::text::xid8, :id::bigint) AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.txid DESC, e.id DESC OFFSET :size LIMIT 1;

-- Reads the chats in which something changed for readers after their positions, in the order of the
-- last change: the reader was added or removed, or is a member of a chat that changed or was
-- deleted. Contains all changes that the snapshot shows, because the memberships show them too. So
-- a reader may learn twice of a change that a running transaction may still precede. `is_removed`:
-- removed, and not added again after that. `earlier`: the stays that were ended. `reader` is the number of the
-- reader: 1, 2, 3, ...
-- name: readChangesOf
WITH reader AS MATERIALIZED (
  SELECT r.user_id, r.txid::text::xid8 AS txid, r.id, r.reader
  FROM unnest(:userIds::varchar[], :txids::bigint[], :ids::bigint[]) WITH ORDINALITY AS r (user_id, txid, id, reader)
), chat AS MATERIALIZED (
  SELECT r.reader, r.txid, r.id, m.channel_id FROM reader r
  CROSS JOIN LATERAL (SELECT x.channel_id FROM chat.member x WHERE x.user_id = r.user_id AND x.left_seq IS NULL) m
), recent AS MATERIALIZED (
  SELECT e.txid, e.id, e.kind, e.channel_id, e.user_ids, e.body FROM chat.event e
  WHERE (e.txid, e.id) > (SELECT r.txid, r.id FROM reader r ORDER BY r.txid, r.id LIMIT 1) AND e.channel_id IS NOT NULL
), change AS (
  SELECT r.reader, e.txid, e.id, e.channel_id, e.kind, e.body -> r.user_id AS stay
  FROM recent e CROSS JOIN LATERAL unnest(e.user_ids) AS u (id) JOIN reader r ON r.user_id = u.id AND (e.txid, e.id) > (r.txid, r.id)
  UNION ALL
  SELECT c.reader, e.txid, e.id, e.channel_id, e.kind, NULL
  FROM recent e JOIN chat c ON c.channel_id = e.channel_id AND (e.txid, e.id) > (c.txid, c.id) WHERE e.user_ids = '{}'
)
SELECT c.reader, c.channel_id, bool_or(c.kind = 'member_added') AS is_added,
  coalesce((array_agg(c.kind ORDER BY c.id DESC) FILTER (WHERE c.kind IN ('member_added', 'member_removed')))[1] = 'member_removed', false) AS is_removed,
  coalesce(array_agg(concat_ws(' ', c.stay ->> 'log', c.stay ->> 'after', c.stay ->> 'until') ORDER BY c.txid, c.id) FILTER (WHERE c.stay IS NOT NULL), '{}') AS earlier
FROM change c
GROUP BY c.reader, c.channel_id ORDER BY c.reader, max(c.txid::text::bigint), max(c.id);

-- Finds the chats of users: pairs of a user and a channel.
-- name: findStays
SELECT m.user_id, m.channel_id FROM unnest(:userIds::varchar[]) AS u (id)
CROSS JOIN LATERAL (SELECT x.user_id, x.channel_id FROM chat.member x WHERE x.user_id = u.id AND x.left_seq IS NULL) m;

-- Reads the current and past memberships of pairs of a user and a channel. Leaves out rooms, and
-- banned users who were never members. `since_seq` is the last seq before the latest stay, and the
-- member sees no text up to `hidden_up_to`. LATERAL with LIMIT makes each lookup an index probe.
-- name: readStays
SELECT m.user_id, m.channel_id, coalesce(m.stay_seq, m.joined_seq) AS since_seq, m.left_seq,
  CASE WHEN c.open_history THEN 0 ELSE m.joined_seq END AS hidden_up_to, c.deleted_at IS NOT NULL AS is_deleted,
  m.delivered_seq, m.read_seq, coalesce(floor(extract(epoch FROM m.receipt_at) * 1000)::bigint, 0) AS receipt_at_ms,
  CASE WHEN c.owner_id = m.user_id AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS role, m.marked_unread, m.notify,
  coalesce(floor(extract(epoch FROM m.set_at) * 1000)::bigint, 0) AS set_at_ms
FROM unnest(:userIds::varchar[], :channelIds::int[]) AS pair (user_id, channel_id)
CROSS JOIN LATERAL (
  SELECT * FROM chat.member x WHERE x.channel_id = pair.channel_id AND x.user_id = pair.user_id AND x.left_seq IS DISTINCT FROM 0 LIMIT 1
) m
CROSS JOIN LATERAL (
  SELECT x.open_history, x.deleted_at, x.owner_id, x.kind FROM chat.channel x WHERE x.id = pair.channel_id AND x.kind <> 'room' LIMIT 1
) c;

-- Reads the ends of logs. `owner_id`: the chat server that owns the channel, live or not. The log
-- id of a channel without history is empty: its owning server makes one in memory.
-- name: readHeads
SELECT h.channel_id, CASE WHEN c.has_history THEN h.log_id::text ELSE '' END AS log,
  CASE WHEN c.has_history THEN h.last_seq ELSE 0 END AS last_seq, floor(extract(epoch FROM h.last_at) * 1000)::bigint AS last_at_ms,
  h.instance_id AS owner_id, h.members
FROM unnest(:channelIds::int[]) AS page (id)
CROSS JOIN LATERAL (
  SELECT x.retention_seconds IS DISTINCT FROM 0 AS has_history FROM chat.channel x WHERE x.id = page.id AND x.deleted_at IS NULL LIMIT 1
) c
CROSS JOIN LATERAL (SELECT * FROM chat.channel_head x WHERE x.channel_id = page.id LIMIT 1) h;

-- Finds the entries after a time in parts of logs. `after_seq` is the seq before the first such
-- entry, among the newest `maxEntries`. Retention may also have deleted such entries, which are
-- after `from_seq`. `part` is the number of the part: 1, 2, 3, ...
-- name: findRecent
SELECT p.part, coalesce(m.seq - 1, p.until_seq) AS after_seq,
  CASE WHEN m.has_older THEN coalesce(m.seq - 1, p.until_seq) ELSE p.after_seq END AS from_seq
FROM unnest(:channelIds::int[], :afterSeqs::bigint[], :untilSeqs::bigint[], :sinceMs::bigint[]) WITH ORDINALITY AS p (channel_id, after_seq, until_seq, since_ms, part)
CROSS JOIN LATERAL (SELECT x.first_seq, x.last_at FROM chat.channel_head x WHERE x.channel_id = p.channel_id LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT min(n.seq) FILTER (WHERE n.is_recent) AS seq, coalesce(bool_or(NOT n.is_recent), false) AS has_older
  FROM (
    SELECT x.seq, x.sent_at > to_timestamp(p.since_ms / 1000.0) AS is_recent FROM chat.message x
    WHERE x.channel_id = p.channel_id AND x.seq > p.after_seq AND x.seq <= p.until_seq AND x.seq >= h.first_seq
    ORDER BY x.seq DESC LIMIT :maxEntries
  ) n
) m
WHERE m.seq IS NOT NULL OR (NOT m.has_older AND h.last_at > to_timestamp(p.since_ms / 1000.0));

-- Reads parts of many logs, in order: at most `size` entries, with at most about `bytes` of data.
-- Leaves out entries that retention has removed, even if they are still stored. `part` is the
-- number of the part: 1, 2, 3, ..., and `total_bytes` the data up to this entry.
-- name: readLogs
SELECT m.part, m.bytes_before + octet_length(m.data) AS total_bytes, m.channel_id, :ENTRY
FROM (
  SELECT page.*, sum(octet_length(page.data)) OVER (ORDER BY page.part, page.seq) - octet_length(page.data) AS bytes_before
  FROM (
    SELECT p.part, x.* FROM unnest(:channelIds::int[], :afterSeqs::bigint[], :untilSeqs::bigint[]) WITH ORDINALITY AS p (channel_id, after_seq, until_seq, part)
    CROSS JOIN LATERAL (
      SELECT y.* FROM chat.message y WHERE y.channel_id = p.channel_id AND y.seq > p.after_seq AND y.seq <= p.until_seq
        AND y.seq >= (SELECT k.first_seq FROM chat.channel_head k WHERE k.channel_id = p.channel_id)
      ORDER BY y.seq LIMIT :size
    ) x
    ORDER BY p.part, x.seq LIMIT :size
  ) page
) m JOIN chat.channel_head h ON h.channel_id = m.channel_id :ENTRY_JOINS
WHERE m.bytes_before < :bytes ORDER BY m.part, m.seq;

-- Reads parts of logs that readers missed, in order: for each reader at most about `bytes` of data,
-- and at most about `roundBytes` in all. `part` is the number of the part: 1, 2, 3, ..., and the
-- parts of a reader follow each other. `own_bytes` is the data of the reader up to this entry, and
-- `total_bytes` the data of all.
-- name: readMissed
SELECT m.part, m.own_before + octet_length(m.data) AS own_bytes, m.total_before + octet_length(m.data) AS total_bytes, m.channel_id, :ENTRY
FROM (
  SELECT own.*, sum(octet_length(own.data)) OVER (ORDER BY own.part, own.seq) - octet_length(own.data) AS total_before
  FROM (
    SELECT p.part, x.*,
      sum(octet_length(x.data)) OVER (PARTITION BY p.reader ORDER BY p.part, x.seq) - octet_length(x.data) AS own_before
    FROM unnest(:channelIds::int[], :afterSeqs::bigint[], :untilSeqs::bigint[], :readers::bigint[]) WITH ORDINALITY AS p (channel_id, after_seq, until_seq, reader, part)
    CROSS JOIN LATERAL (
      SELECT y.* FROM chat.message y WHERE y.channel_id = p.channel_id AND y.seq > p.after_seq AND y.seq <= p.until_seq
        AND y.seq >= (SELECT k.first_seq FROM chat.channel_head k WHERE k.channel_id = p.channel_id)
      ORDER BY y.seq LIMIT p.until_seq - p.after_seq
    ) x
  ) own
  WHERE own.own_before < :bytes
) m JOIN chat.channel_head h ON h.channel_id = m.channel_id :ENTRY_JOINS
WHERE m.total_before < :roundBytes ORDER BY m.part, m.seq;

-- Reads the receipts of members and whether others in the chat may see them, and the rest of their
-- memberships.
-- name: readMembers
SELECT m.channel_id, m.user_id, h.log, m.delivered_seq, m.read_seq, h.members <= :mostTold AND NOT u.private_reads AS told,
  CASE WHEN c.owner_id = m.user_id AND c.kind <> 'direct' THEN 'owner' ELSE m.role END AS role, m.marked_unread, m.notify, i.has_moved
FROM unnest(:channelIds::int[], :userIds::varchar[], :hasMoved::boolean[]) AS i (channel_id, user_id, has_moved)
CROSS JOIN LATERAL (SELECT x.log_id::text AS log, x.members FROM chat.channel_head x WHERE x.channel_id = i.channel_id LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT * FROM chat.member x WHERE x.channel_id = i.channel_id AND x.user_id = i.user_id AND x.left_seq IS NULL LIMIT 1
) m
CROSS JOIN LATERAL (SELECT x.owner_id, x.kind FROM chat.channel x WHERE x.id = i.channel_id LIMIT 1) c
CROSS JOIN LATERAL (SELECT x.private_reads FROM chat.users x WHERE x.id = i.user_id LIMIT 1) u;

-- Finds the memberships whose receipts or settings have changed since a time, Unix ms: all of small
-- chats, and of others those of the given users. `has_moved`: the receipt has changed.
-- name: findChangedMembers
SELECT m.channel_id, m.user_id, coalesce(m.receipt_at > t.since, false) AS has_moved
FROM (SELECT to_timestamp(:sinceMs::bigint / 1000.0) AS since) t
CROSS JOIN unnest(:channelIds::int[]) AS small (id)
CROSS JOIN LATERAL (
  SELECT * FROM chat.member x
  WHERE x.channel_id = small.id AND x.left_seq IS NULL AND (x.receipt_at > t.since OR x.set_at > t.since) LIMIT :mostTold
) m
UNION ALL
SELECT m.channel_id, m.user_id, coalesce(m.receipt_at > t.since, false) AS has_moved
FROM (SELECT to_timestamp(:sinceMs::bigint / 1000.0) AS since) t
CROSS JOIN unnest(:memberChannelIds::int[], :memberIds::varchar[]) AS pair (channel_id, user_id)
CROSS JOIN LATERAL (
  SELECT * FROM chat.member x WHERE x.channel_id = pair.channel_id AND x.user_id = pair.user_id AND x.left_seq IS NULL
    AND (x.receipt_at > t.since OR x.set_at > t.since) LIMIT 1
) m;

-- Reads the receipts that have moved since a time, Unix ms, in small chats. Leaves out users who read
-- in private.
-- name: readMovedReceipts
SELECT m.channel_id, m.user_id, h.log, m.delivered_seq, m.read_seq, floor(extract(epoch FROM m.receipt_at) * 1000)::bigint AS receipt_at_ms
FROM unnest(:channelIds::int[], :sinceMs::bigint[]) AS p (channel_id, since_ms)
CROSS JOIN LATERAL (SELECT x.log_id::text AS log FROM chat.channel_head x WHERE x.channel_id = p.channel_id LIMIT 1) h
CROSS JOIN LATERAL (
  SELECT * FROM chat.member x
  WHERE x.channel_id = p.channel_id AND x.left_seq IS NULL AND x.receipt_at > to_timestamp(p.since_ms / 1000.0) LIMIT :mostTold
) m
CROSS JOIN LATERAL (SELECT x.private_reads FROM chat.users x WHERE x.id = m.user_id LIMIT 1) u
WHERE NOT u.private_reads;

-- Reads channels for events, as any member sees them.
-- name: readChannels
SELECT c.id, :CHANNEL_FIELDS, h.members AS member_count,
  CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.log_id::text ELSE '' END AS log,
  CASE WHEN c.retention_seconds IS DISTINCT FROM 0 THEN h.last_seq ELSE 0 END AS last_seq, c.deleted_at IS NOT NULL AS deleted
FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id WHERE c.id = ANY (:channelIds::int[]) AND c.kind <> 'room';

-- Finds those of the sessions that have ended, or whose user is not active.
-- name: findEnded
SELECT open.id AS session_id, coalesce(u.status = 'suspended', false) AS suspended FROM unnest(:sessionIds::uuid[]) AS open (id)
LEFT JOIN LATERAL (SELECT x.id, x.user_id, x.revoked_at, x.expires_at FROM chat.session x WHERE x.id = open.id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT x.status FROM chat.users x WHERE x.id = s.user_id LIMIT 1) u ON true
WHERE s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= now() OR u.status <> 'active';
