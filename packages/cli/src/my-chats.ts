import { type ChatSummary, type NotifyLevel, textOf } from '@parley/client';
import { textTable } from '@parley/runtime';
import { channelValue } from './channels.js';
import { dateAndClock } from './entry-lines.js';
import { findOnly } from './find-channel.js';
import { firstOf } from './first-of.js';
import { entryValue } from './json-view.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Maximum length of a last message in the list, in characters. */
const shownCharacters = 40;

/** Returns the name of a chat; for a direct chat, `@` and the id of the other user. */
export function chatName({ channel, peer }: Pick<ChatSummary, 'channel' | 'peer'>): string {
  return peer === undefined ? terminalLine(channel.name) : `@${terminalLine(peer.id)}`;
}

function lastWords({ last }: ChatSummary): string {
  if (last?.type !== 'message') return '';
  const characters = [...terminalLine(textOf(last) ?? `[${last.data.length} bytes]`)];
  const text = last.deleted ? '(deleted)' : characters.slice(0, shownCharacters).join('');
  return `${terminalLine(last.sender)}: ${text}${characters.length > shownCharacters ? '…' : ''}`;
}

/** Formats a count. The server counts only up to 100, so 100 becomes `99+`. */
function countOf(count: number): string {
  if (count === 0) return '';
  return count >= 100 ? '99+' : String(count);
}

function chatTable(chats: readonly ChatSummary[]): string {
  const rows = chats.map((chat) => [
    String(chat.channel.id),
    chatName(chat),
    countOf(chat.unread) || (chat.markedUnread ? '*' : ''),
    countOf(chat.mentions),
    chat.last === undefined ? '' : dateAndClock(chat.last.timestamp),
    lastWords(chat),
  ]);
  return textTable(['id', 'chat', 'unread', 'mentions', 'last', ''], rows);
}

function chatValue({ channel, peer, last, unread, mentions, markedUnread, mine, notify }: ChatSummary) {
  const { user_count: _inside, users: _users, ...about } = channelValue(channel);
  const counts = { unread, mentions, marked_unread: markedUnread, notify };
  const seqs = { delivered_seq: mine.deliveredSeq, read_seq: mine.readSeq };
  const other = peer && { id: peer.id, name: peer.name };
  return { ...about, peer: other, ...counts, ...seqs, last: last && entryValue(last, (id) => id) };
}

/** Lists the user's chats, the most recently active first. */
export async function listChats(session: CommandSession, size: number): Promise<void> {
  const client = await session.loggedIn();
  const chats = await firstOf(client.chats.overview({ size: Math.min(size, 100) }), size);
  const { self } = await session.advised();
  const none = `You have no chats yet. Begin one with \`${self} direct <user>\` or \`${self} create <name> --kind group\`.`;
  session.print(chats.length === 0 ? none : chatTable(chats), chats.map(chatValue));
}

/** Texts for the levels of notifications, by the name of the level on the command line. */
export const levelNames: Readonly<Record<NotifyLevel, string>> = {
  all: 'all messages notify',
  mentions: 'only mentions and replies notify',
  none: 'no message notifies',
};

/** Sets the level of notifications of a chat. */
export async function chooseNotify(session: CommandSession, wanted: string, level: NotifyLevel): Promise<void> {
  const client = await session.loggedIn();
  const { id, name } = await findOnly(client, wanted);
  await client.chats.notify(id, level);
  session.print(`In ${terminalLine(name) || `channel ${id}`}, ${levelNames[level]} you.`, { id, notify: level });
}
