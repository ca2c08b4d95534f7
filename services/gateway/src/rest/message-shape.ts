import { Kind, MemberChange, type Message } from '@parley/contract';
import * as z from 'zod';
import { textOrNull, timeField, timeOf } from './fields.js';
import { memberRoleWords } from './user-shape.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A message of a channel, or a change of its members. */
export const messageShape = z
  .strictObject({
    channel_id: z.int(),
    seq: z.int().meta({ description: 'position in the log of the channel; 0: a lossy message' }),
    kind: z.enum(['message', 'member', 'other']),
    sender: z.string().meta({ description: 'id of the sender' }),
    sender_number: z.int(),
    sent_at: timeField.nullable(),
    content_type: z.string(),
    text: z.string().nullable().meta({ description: 'null: the data is no text, or was deleted' }),
    data: z.base64().nullable().meta({ description: 'only if the data is no text' }),
    client_id: z.string().nullable(),
    reply_to: z.int().nullable(),
    mentions: z.array(z.string()),
    file_ids: z.array(z.string()).meta({ description: 'files, in their order; see /files/{file_id}' }),
    edited_at: timeField.nullable(),
    deleted: z.boolean(),
    pinned_at: timeField.nullable(),
    reactions: z.array(
      z.strictObject({ emoji: z.string(), count: z.int(), mine: z.boolean(), user_ids: z.array(z.string()) }),
    ),
    replies: z
      .strictObject({
        count: z.int(),
        last_seq: z.int(),
        last_at: timeField.nullable(),
        last_sender: z.string(),
      })
      .nullable(),
    member: z
      .strictObject({
        user_ids: z.array(z.string()),
        joined: z.boolean(),
        role: memberRoleWords.schema.nullable(),
        by: z.string(),
      })
      .nullable()
      .meta({ description: 'only in entries of kind member' }),
  })
  .meta({ id: 'Message' });

/** Returns the data of a message as text, or undefined if it is none. */
export function messageText({ data, contentType }: Pick<Message, 'data' | 'contentType'>): string | undefined {
  if (contentType !== '' && !contentType.startsWith('text/')) return undefined;
  try {
    return strictUtf8.decode(data);
  } catch {
    return undefined;
  }
}

/** Returns the text for doors that show only text. Describes other data in brackets. */
export function shownText(message: Pick<Message, 'data' | 'contentType' | 'deleted'>): string {
  if (message.deleted) return '';
  return messageText(message) ?? `[${message.contentType || 'data'}, ${message.data.length} bytes]`;
}

function memberChangeJson(data: Uint8Array) {
  const { userId, moreUserIds, joined, role, by } = MemberChange.decode(data);
  return { user_ids: [userId, ...moreUserIds], joined, role: memberRoleWords.wordOf(role) ?? null, by };
}

function kindWord(kind: Kind): 'message' | 'member' | 'other' {
  if (kind === Kind.UNSPECIFIED) return 'message';
  return kind === Kind.MEMBER ? 'member' : 'other';
}

export function messageJson(message: Message): z.infer<typeof messageShape> {
  const { kind, data, replies } = message;
  const isMember = kind === Kind.MEMBER && data.length > 0;
  const text = isMember || message.deleted ? undefined : messageText(message);
  const isBytes = !isMember && !message.deleted && text === undefined;
  return {
    channel_id: message.channelId,
    seq: message.seq,
    kind: kindWord(kind),
    sender: message.sender,
    sender_number: message.userId,
    sent_at: timeOf(message.timestamp),
    content_type: message.contentType,
    text: text ?? null,
    data: isBytes ? Buffer.from(data).toString('base64') : null,
    client_id: textOrNull(message.clientId),
    reply_to: message.targetSeq === 0 ? null : message.targetSeq,
    mentions: message.mentions,
    file_ids: message.fileIds,
    edited_at: timeOf(message.editedAt),
    deleted: message.deleted,
    pinned_at: timeOf(message.pinnedAt),
    reactions: message.reactions.map(({ emoji, count, mine, userIds }) => ({ emoji, count, mine, user_ids: userIds })),
    replies: replies === undefined ? null : repliesJson(replies),
    member: isMember ? memberChangeJson(data) : null,
  };
}

function repliesJson({ count, lastSeq, lastAt, lastSender }: NonNullable<Message['replies']>) {
  return { count, last_seq: lastSeq, last_at: timeOf(lastAt), last_sender: lastSender };
}
