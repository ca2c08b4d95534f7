-- Opens the account and the session of a guest; `name` NULL: the guest gets a number. Returns
-- `done`, or the refusal reason.
-- name: openGuest
SELECT o.outcome, o.guest_id, o.guest_name
FROM chat.open_guest(:name, :instanceId, :network, :tokenHash, :most, :mostOfNetwork) o;

-- name: closeGuest
SELECT chat.close_guest(:userId)::text AS closed;

-- Ends the guests of gateways that have ended. Returns their number.
-- name: closeLostGuests
SELECT chat.close_lost_guests() AS closed;

-- Finds a guest who is here.
-- name: findGuest
SELECT user_id, network FROM chat.guest WHERE chat.folded(name) = chat.folded(:name) AND name = :name;

-- Reads public chats, the most active first.
-- name: listPublicRooms
SELECT c.id, c.name, c.owner_id FROM chat.listing l JOIN chat.channel c ON c.id = l.channel_id
WHERE c.kind = 'public' AND c.deleted_at IS NULL ORDER BY l.active_at DESC, l.channel_id DESC LIMIT :size;

-- Finds a public chat by its name. If several chats have the name, finds the oldest. Ignores case
-- unless `isExact` is true.
-- name: findPublicRoom
SELECT c.id, c.name, c.owner_id FROM chat.listing l JOIN chat.channel c ON c.id = l.channel_id
WHERE l.folded_name = lower(:name) AND c.kind = 'public' AND c.deleted_at IS NULL AND (c.name = :name OR NOT :isExact)
ORDER BY c.id LIMIT 1;

-- Makes transactions that create a room with the same name take turns. Holds the lock until the end
-- of the transaction.
-- name: lockRoomName
SELECT chat.lock_room_name(:name)::text AS locked;

-- Reads the newest public chats after an id.
-- name: listRoomsAfter
SELECT c.id, c.name, c.owner_id FROM chat.channel c
WHERE c.id > :after AND c.kind = 'public' AND c.deleted_at IS NULL ORDER BY c.id DESC LIMIT :size;

-- Reads the channels that a user is in.
-- name: channelsOfGuest
SELECT m.channel_id AS id FROM chat.member m WHERE m.user_id = :userId AND m.left_seq IS NULL LIMIT :size;

-- Opens another session of a guest who is here, for a minute. Returns whether there is such a guest.
-- name: openGuestSession
SELECT chat.open_guest_session(:userId, :tokenHash) AS is_open;

-- Reads when a room was created; no row if its history is not open to everybody.
-- name: readRoomAge
SELECT floor(extract(epoch FROM c.created_at) * 1000)::bigint AS created_at_ms FROM chat.channel c
WHERE c.id = :channelId AND c.kind = 'public' AND c.deleted_at IS NULL AND c.open_history;

-- Reads the last messages of a channel, the newest first, up to a number of bytes.
-- name: readRoomMessages
SELECT page.sender_id, page.sent_at_ms, page.data, page.content_type FROM (
  SELECT last.*, sum(octet_length(last.data)) OVER (ORDER BY last.seq DESC) AS bytes FROM (
    SELECT m.seq, m.sender_id, floor(extract(epoch FROM m.sent_at) * 1000)::bigint AS sent_at_ms, m.data, m.content_type
    FROM chat.message m JOIN chat.channel_head h ON h.channel_id = m.channel_id
    WHERE m.channel_id = :channelId AND m.kind = 0 AND m.deleted_at IS NULL AND m.seq >= h.first_seq ORDER BY m.seq DESC LIMIT :size
  ) last
) page WHERE page.bytes <= :mostBytes::bigint ORDER BY page.seq DESC;
