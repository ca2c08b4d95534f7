import { ChannelKind, type EntryEvent, type MessageEvent, type NotificationItem, textOf } from '@parley/client';
import { words } from '../words/words.js';
import { type ChatItem, type ChatsState, titleOf } from './chats.js';
import { type Line, saidAt } from './lines.js';
import { plainStart } from './markdown.js';
import { mentionsByName } from './mentions.js';
import { type Names, nameOf } from './names.js';
import { chatHref } from './place.js';
import { chatTag, type SystemNotice } from './system-notice.js';
import { plainLine } from './text.js';

/** A message that the user may have to learn of. */
export interface NewMessage {
  readonly seq: number;
  readonly sender: string;
  readonly text: string;
}

const bodyCharacters = 160;

/** What decides whether a message notifies the user. */
interface Audience {
  readonly me: string;
  /** Level of the chat. */
  readonly notify: ChatItem['notify'];
  /** Whether the user sent the message with a seq. */
  readonly isOwn: (seq: number) => boolean;
}

function concerns({ mentions, replyTo }: MessageEvent, { me, notify, isOwn }: Audience): boolean {
  if (notify !== 'mentions') return notify === 'all';
  return mentions.includes(me) || (replyTo !== undefined && isOwn(replyTo));
}

/** Returns the messages of other users among entries that notify the user. */
export function messagesOf(entries: readonly EntryEvent[], audience: Audience): readonly NewMessage[] {
  return entries.flatMap((entry) =>
    entry.type === 'message' && !entry.deleted && entry.sender !== audience.me && concerns(entry, audience)
      ? [{ seq: entry.seq, sender: entry.sender, text: textOf(entry) ?? '' }]
      : [],
  );
}

/**
 * Returns the message of a notification if it is a reply to this user in a chat whose level is
 * "Only mentions". The page itself knows this only of replies to messages that are loaded.
 */
export function replyOf(
  { items }: Pick<ChatsState, 'items'>,
  { kind, channelId, seq, by }: Pick<NotificationItem, 'kind' | 'channelId' | 'seq' | 'by'>,
  lines: readonly Line[],
): NewMessage | undefined {
  if (kind !== 'reply' || items[channelId]?.notify !== 'mentions') return undefined;
  return { seq, sender: by, text: saidAt(lines, seq)?.text ?? '' };
}

/** Returns the unread messages with further ones, each once, at most `most`. */
export function withNews(
  unread: readonly NewMessage[],
  news: readonly NewMessage[],
  most: number,
): readonly NewMessage[] {
  const known = new Set(unread.map(({ seq }) => seq));
  const all = [...unread, ...news.filter(({ seq }) => !known.has(seq))];
  return all.sort((a, b) => a.seq - b.seq).slice(-most);
}

function bodyOf(messages: readonly NewMessage[], item: ChatItem, names: Names, showsText: boolean): string {
  const last = messages.at(-1);
  const isDirect = item.channel.kind === ChannelKind.DIRECT;
  const name = nameOf(names, last?.sender ?? '');
  const count = messages.length;
  if (!showsText || last === undefined || last.text === '') {
    return isDirect || count > 1 ? words().notices.messages(count) : words().notices.messageFrom(name);
  }
  const text = `${isDirect ? '' : `${name}: `}${plainLine(mentionsByName(plainStart(last.text, bodyCharacters), names)).trim()}`;
  return count === 1 ? text : words().notices.withCount(text, count);
}

/**
 * Returns the notification of new messages in a chat, or undefined if the user has read them
 * meanwhile, here or on another device.
 */
export function messageNotice(
  { items, names }: Pick<ChatsState, 'items' | 'names'>,
  id: number,
  messages: readonly NewMessage[],
  showsText: boolean,
): SystemNotice | undefined {
  const item = items[id];
  const unread = messages.filter(({ seq }) => item !== undefined && seq > item.readSeq);
  const first = unread[0];
  if (item === undefined || first === undefined) return undefined;
  const body = bodyOf(unread, item, names, showsText);
  return { tag: chatTag(id), title: plainLine(titleOf(item)), body, href: chatHref(id, first.seq) };
}

function membershipWords(kind: NotificationItem['kind']): string | undefined {
  return kind === 'added' || kind === 'offered' || kind === 'role' ? words().notices[kind] : undefined;
}

/** Returns the notification of a change of membership, or undefined for another kind. */
export function membershipNotice(
  { items }: Pick<ChatsState, 'items'>,
  { kind, channelId: id }: Pick<NotificationItem, 'kind' | 'channelId'>,
): SystemNotice | undefined {
  const body = membershipWords(kind);
  const item = items[id];
  const title = item === undefined ? 'Parley' : plainLine(titleOf(item));
  return body === undefined ? undefined : { tag: `member-${id}`, title, body, href: chatHref(id) };
}

/** Whether the browser lets this page show notifications; `none` if it has none. */
export type NoticePermission = NotificationPermission | 'none';

/** Returns how to allow notifications, or undefined if the page may show them or may ask. */
export function blockedWords(permission: NoticePermission): string | undefined {
  if (permission === 'denied') return words().notices.denied;
  if (permission === 'none') return words().notices.impossible;
  return undefined;
}
