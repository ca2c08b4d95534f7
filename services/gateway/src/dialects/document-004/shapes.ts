import type { Channel, Chat, Invite, Message, Notification, User } from '@parley/contract';
import { channelKindWords } from '../../rest/channel-shape.js';
import { textOrNull, timeOf } from '../../rest/fields.js';
import { messageText } from '../../rest/message-shape.js';
import { notificationKindWords } from '../../rest/notifications.js';
import { memberRoleWords, userRoleWords, userStateWords } from '../../rest/user-shape.js';

const mediaTypes: ReadonlySet<string> = new Set(['text', 'image', 'video', 'audio']);

/** Returns the kind of a message: `text`, `image`, `video`, `audio` or `file`. */
function messageType(contentType: string, hasFiles: boolean, isEmpty: boolean): string {
  const [major = ''] = contentType.split('/');
  if (hasFiles && isEmpty) return 'file';
  return mediaTypes.has(major) ? major : 'file';
}

/** Returns the content of a message. It is text, or for other types base64. */
export function contentFields(message: Pick<Message, 'data' | 'contentType' | 'fileIds'>) {
  const { data, contentType, fileIds } = message;
  const text = messageText(message);
  const type = contentType || (text === undefined ? 'application/octet-stream' : 'text/plain');
  return {
    messagetype: messageType(type, fileIds.length > 0, data.length === 0),
    content: text ?? Buffer.from(data).toString('base64'),
    content_type: type,
    ...(fileIds.length > 0 && { file_ids: fileIds }),
  };
}

/** Returns a message in the form of the document. */
export function messageFields(message: Message) {
  const { channelId, seq, sender, timestamp, targetSeq, mentions, editedAt, deleted, reactions, clientId } = message;
  return {
    room_id: channelId,
    message_id: seq === 0 ? null : seq,
    sender_id: sender,
    timestamp: timeOf(timestamp),
    ...contentFields(message),
    ...(targetSeq > 0 && { reply_to: targetSeq }),
    ...(mentions.length > 0 && { mentions }),
    ...(clientId !== '' && { client_id: clientId }),
    ...(editedAt > 0 && { edited_at: timeOf(editedAt) }),
    ...(deleted && { deleted }),
    ...(reactions.length > 0 && { reactions: reactions.map(({ emoji, count, mine }) => ({ emoji, count, mine })) }),
  };
}

/** Returns a room in the form of the document. Events do not know the role of the user. */
export function roomFields(channel: Channel) {
  const role = memberRoleWords.wordOf(channel.myRole);
  return {
    room_id: channel.id,
    created_at: timeOf(channel.createdAt),
    name: channel.name,
    description: channel.description,
    icon: textOrNull(channel.iconId),
    created_by_user_id: channel.ownerId,
    kind: channelKindWords.wordOf(channel.kind) ?? null,
    ...(role !== undefined && { role }),
    member_count: channel.memberCount,
    last_message_id: channel.lastSeq === 0 ? null : channel.lastSeq,
  };
}

/** Returns a room with what its member has not read. */
export function chatFields({ channel, last, unread, mine, peer }: Chat) {
  if (channel === undefined) throw new Error('A chat came without its channel.');
  return {
    ...roomFields(channel),
    last: last === undefined ? null : messageFields({ ...last, channelId: channel.id }),
    unread,
    delivered: mine?.deliveredSeq || null,
    read: mine?.readSeq || null,
    ...(peer !== undefined && { user_id: peer.id }),
  };
}

/** Returns a user with the profile that the caller may see. */
export function userFields(user: User) {
  return {
    user_id: user.id,
    username: user.name,
    ...(user.email !== '' && { email: user.email }),
    ...(user.createdAt > 0 && { signup_date: timeOf(user.createdAt) }),
    role: userRoleWords.wordOf(user.role) ?? null,
    status: userStateWords.wordOf(user.status) ?? null,
    name: user.name,
    profile_pic: textOrNull(user.avatarId),
    about: user.about,
    last_seen: timeOf(user.lastSeen),
    online: user.online,
  };
}

/** Returns a member of a room. */
export function memberFields(roomId: number, user: User) {
  return {
    room_id: roomId,
    user_id: user.id,
    username: user.name,
    role: memberRoleWords.wordOf(user.memberRole) ?? null,
    join_date: timeOf(user.joinedAt),
    online: user.online,
  };
}

/** Returns an invite link. */
export function inviteFields(invite: Invite) {
  return {
    room_id: invite.channelId,
    link_id: invite.id,
    use_count: invite.useCount,
    max_uses: invite.maxUses === 0 ? null : invite.maxUses,
    expired: invite.expired,
    expires_at: timeOf(invite.expiresAt),
    created_at: timeOf(invite.createdAt),
  };
}

/** Returns a notification. */
export function noticeFields({ id, kind, channelId, seq, createdAt, read, by }: Notification) {
  return {
    notification_id: id,
    kind: notificationKindWords.wordOf(kind) ?? null,
    room_id: channelId,
    message_id: seq === 0 ? null : seq,
    created_at: timeOf(createdAt),
    read,
    user_id: by,
  };
}
