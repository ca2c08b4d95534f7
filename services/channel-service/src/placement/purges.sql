-- Deletes events that are older than a day, at most 5,000 at a time, but keeps the last of them in
-- the order of readers. A reader that has not seen the kept event may have lost others. Ids
-- increase with time, so the oldest events are deleted first.
-- name: purgeEvents
DELETE FROM chat.event WHERE id IN (
  SELECT id FROM (SELECT id, at, txid FROM chat.event ORDER BY id LIMIT 5000) oldest WHERE at < now() - interval '1 day'
  ORDER BY txid DESC, id DESC OFFSET 1
);

-- Deletes gateways that ended at least an hour ago, or whose lease ends later than possible because
-- the clock was set back. A live gateway reports again within a second.
-- name: purgeGateways
DELETE FROM chat.gateway WHERE lease_until NOT BETWEEN now() - interval '1 h' AND now() + interval '1 h';

-- Deletes invitations that nobody has been able to use for a week, at most 5,000 at a time.
-- name: purgeInvites
DELETE FROM chat.invite WHERE id IN (
  SELECT id FROM chat.invite
  WHERE least(expires_at, revoked_at, CASE WHEN use_count >= max_uses THEN used_at END) < now() - interval '7 d'
  ORDER BY least(expires_at, revoked_at, CASE WHEN use_count >= max_uses THEN used_at END) LIMIT 5000
);

-- Deletes keys one day after they expire, so that a clock that was set ahead for a while does not
-- remove a key in use.
-- name: purgeKeys
DELETE FROM chat.signing_key WHERE expires_at < now() - interval '1 day';

-- Deletes notifications that are older than 90 days, at most 5,000 at a time. Ids increase with
-- time, so the lowest ids are the oldest.
-- name: purgeNotifications
DELETE FROM chat.notification WHERE id IN (
  SELECT id FROM (SELECT id, created_at FROM chat.notification ORDER BY id LIMIT 5000) oldest WHERE created_at < now() - interval '90 days'
);

-- Deletes records of kicks an hour later, about 5,000 at a time. By then, every chat server has seen
-- them, because each server reads its seats once a second.
-- name: purgeKicks
DELETE FROM chat.kicked_seat WHERE kicked_at < now() - interval '1 h' AND kicked_at <= (
  SELECT max(kicked_at) FROM (SELECT kicked_at FROM chat.kicked_seat ORDER BY kicked_at LIMIT 5000) oldest
);

-- Deletes offers that have lapsed, at most 5,000 at a time.
-- name: purgeOffers
DELETE FROM chat.offer WHERE lapses_at < now()
  AND (channel_id, user_id) IN (SELECT channel_id, user_id FROM chat.offer WHERE lapses_at < now() ORDER BY lapses_at LIMIT 5000);

-- Deletes rate keys that have been idle for an hour, at most 20,000 at a time: they no longer limit
-- anything.
-- name: purgeRates
DELETE FROM chat.rate WHERE tat < now() - interval '1 h'
  AND key IN (SELECT key FROM chat.rate WHERE tat < now() - interval '1 h' LIMIT 20000);

-- Deletes seats on servers that are unknown or have been dead for 5 s. While no server could renew
-- its lease, none counts as dead. Skips locked rows: another transaction is changing them.
-- name: purgeSeats
DELETE FROM chat.seat WHERE id IN (
  SELECT x.id FROM chat.seat x
  WHERE pg_postmaster_start_time() NOT BETWEEN now() - interval '5 s' AND now() AND x.instance_id NOT IN (
    SELECT s.instance_id FROM chat.server s
    WHERE s.lease_until >= now() - interval '5 s' OR coalesce(chat.gone_from(s.lease_until) >= now(), true)
  )
  LIMIT 5000 FOR UPDATE OF x SKIP LOCKED
);

-- Deletes servers that ended at least an hour ago and own no channel.
-- name: purgeServers
DELETE FROM chat.server s WHERE s.lease_until < now() - interval '1 h'
  AND NOT EXISTS (SELECT FROM chat.channel_head h WHERE h.instance_id = s.instance_id);

-- Deletes guests who have ended and to whom nothing refers. Looks at the next `most` ended accounts
-- after a number. Returns the number of the last one, or 0 if there are no more.
-- name: purgeGuests
SELECT chat.purge_guests(:afterNumber, :most) AS last;
