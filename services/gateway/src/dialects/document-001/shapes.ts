import { type Channel, ChannelKind, Kind, type Message, type User } from '@parley/contract';
import * as z from 'zod';
import { shownText } from '../../rest/message-shape.js';
import { workspace } from './token.js';

/** Words for the kinds of chats in document 001. */
const kindWords = {
  [ChannelKind.DIRECT]: 'single',
  [ChannelKind.GROUP]: 'group',
  [ChannelKind.PRIVATE]: 'privateChannel',
  [ChannelKind.PUBLIC]: 'publicChannel',
} as const;

const words = z.enum(['single', 'group', 'privateChannel', 'publicChannel']);

/** A chat. One family of clients reads `type`, and the other reads `chatType`. */
export const chatSchema = z
  .object({
    id: z.int(),
    wsId: z.int(),
    name: z.string().nullable(),
    type: words,
    chatType: words,
    members: z.array(z.int()),
    createdAt: z.string(),
    description: z.string(),
    users: z.array(z.int()),
    created_at: z.string(),
  })
  .meta({ id: 'Chat001' });
/** A chat on the wire. */
export type Chat001 = z.infer<typeof chatSchema>;

/** A message. `id` is its seq, because clients use the id only within one chat. */
export const messageSchema = z
  .object({
    id: z.int(),
    chatId: z.int(),
    senderId: z.int(),
    content: z.string(),
    files: z.array(z.string()),
    createdAt: z.string(),
    user_id: z.int(),
    chat_id: z.int(),
    created_at: z.string(),
  })
  .meta({ id: 'Message001' });
/** A message on the wire. */
export type Message001 = z.infer<typeof messageSchema>;

export const userSchema = z
  .object({ id: z.int(), username: z.string(), fullname: z.string(), email: z.string() })
  .meta({ id: 'User001' });

/**
 * Metadata of a channel whose name this door has made up, because document 001 has chats without a
 * name.
 */
export const unnamedMark = '{"document-001":"unnamed"}';

/** Returns the word for a kind. Document 001 has no word for rooms. */
function kindWord(kind: ChannelKind): z.infer<typeof words> {
  return kind in kindWords ? kindWords[kind as keyof typeof kindWords] : 'group';
}

/** Returns a chat with the numbers of its members. */
export function wireChat(channel: Channel, members: readonly number[]): Chat001 {
  const type = kindWord(channel.kind);
  const isUnnamed = channel.kind === ChannelKind.DIRECT || channel.metadata === unnamedMark;
  const createdAt = new Date(channel.createdAt).toISOString();
  return {
    id: channel.id,
    wsId: workspace.wsId,
    name: isUnnamed ? null : channel.name,
    ...{ type, chatType: type },
    members: [...members],
    createdAt,
    description: channel.description,
    users: [...members],
    created_at: createdAt,
  };
}

/** Returns the path of a file, below `/api`. It has no name, because a message has only the ids of files. */
export function filePath(id: string): string {
  return `/files/${id}`;
}

/** Returns the id of a file in its path, with or without `/api`, or the text itself if it is no path. */
export function fileIdOf(path: string): string {
  return /^(?:\/api)?\/files\/([^/?#]+)/.exec(path)?.[1] ?? path;
}

/** Returns a message of a channel. */
export function wireMessage(channelId: number, message: Message): Message001 {
  const createdAt = new Date(message.timestamp).toISOString();
  const senderId = message.userId;
  return {
    id: message.seq,
    ...{ chatId: channelId, senderId },
    content: shownText(message),
    files: message.fileIds.map(filePath),
    createdAt,
    ...{ user_id: senderId, chat_id: channelId, created_at: createdAt },
  };
}

/**
 * Returns whether document 001 shows an entry as a message. Changes of members are not messages.
 */
export function isSpoken({ kind, lossy }: Pick<Message, 'kind' | 'lossy'>): boolean {
  return kind === Kind.UNSPECIFIED && !lossy;
}

/** Returns a user. The email address is empty unless the caller may see it. */
export function userOf({ number, name, email }: Pick<User, 'number' | 'name' | 'email'>): z.infer<typeof userSchema> {
  return { id: number, username: name, fullname: name, email };
}
