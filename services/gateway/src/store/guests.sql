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

-- Finds the user id of a guest who is here.
-- name: findGuest
SELECT user_id FROM chat.guest WHERE chat.folded(name) = chat.folded(:name) AND name = :name;

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
