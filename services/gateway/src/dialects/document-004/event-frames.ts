import { Kind, MemberChange, type Message, type Receipt } from '@parley/contract';
import { memberRoleWords } from '../../rest/user-shape.js';
import { realtimeFrame } from './frames.js';
import { contentFields } from './shapes.js';

/** Returns the frames for users who came into a room or left it. */
export function memberFrames({ channelId, data }: Pick<Message, 'channelId' | 'data'>): string[] {
  const { userId, moreUserIds, joined, role, by } = MemberChange.decode(data);
  const fields = { role: memberRoleWords.wordOf(role) ?? null, by };
  return [userId, ...moreUserIds].map((id) =>
    realtimeFrame(joined ? 'member_joined' : 'member_left', { room_id: channelId, user_id: id, ...fields }),
  );
}

/** Returns the frame for a change of a message. */
export function amendmentFrame(message: Message): string {
  const { kind, channelId, targetSeq, sender, data } = message;
  const fields = { room_id: channelId, message_id: targetSeq, user_id: sender };
  switch (kind) {
    case Kind.EDIT:
      return realtimeFrame('message_edited', { ...fields, ...contentFields(message) });
    case Kind.DELETE:
      return realtimeFrame('message_deleted', fields);
    case Kind.PIN:
    case Kind.UNPIN:
      return realtimeFrame('message_pinned', { ...fields, removed: kind === Kind.UNPIN });
    default: {
      const emoji = Buffer.from(data).toString();
      return realtimeFrame('reaction', { ...fields, emoji, removed: kind === Kind.UNREACT });
    }
  }
}

/** Returns the frames for how far a user has received and read a room. Read messages are delivered. */
export function receiptFrames(channelId: number, { userId, deliveredSeq, readSeq }: Receipt): string[] {
  const frameOf = (type: string, seq: number) =>
    realtimeFrame(type, { room_id: channelId, message_id: seq, user_id: userId });
  const delivered = deliveredSeq > readSeq ? [frameOf('delivered', deliveredSeq)] : [];
  return readSeq > 0 ? [...delivered, frameOf('read', readSeq)] : delivered;
}
