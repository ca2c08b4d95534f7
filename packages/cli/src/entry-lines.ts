import { type EntryEvent, type MessageEvent, textOf } from '@parley/client';
import { mostNamed } from './names.js';
import { counted, terminalLine } from './plain-text.js';

/** Function that returns the displayed name of a user. */
export type Label = (userId: string) => string;

/** Returns the text of a payload on one line, or its size if it is not text. */
export function lineOf(said: { readonly data: Uint8Array; readonly contentType: string }): string {
  const kind = said.contentType === '' ? '' : ` of ${said.contentType}`;
  return terminalLine(textOf(said) ?? `[${said.data.length} bytes${kind}]`);
}

/** Function that formats the time of a message, given in Unix ms. */
export type Clock = (ms: number) => string;

/** Returns the local time of day. */
export function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/** Returns the local date and time of day. */
export function dateAndClock(ms: number): string {
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

function reactionsOf({ reactions }: MessageEvent): string {
  const all = reactions.map(({ emoji, count }) => `${terminalLine(emoji)} ${count}`);
  return all.length === 0 ? '' : ` [${all.join(', ')}]`;
}

/** Returns the text of a message, and the number of its files. */
function saidIn({ fileIds, ...message }: MessageEvent): string {
  if (fileIds.length === 0) return lineOf(message);
  const files = `[${counted(fileIds.length, 'file')}]`;
  return message.data.length === 0 ? files : `${lineOf(message)} ${files}`;
}

function messageLine(message: MessageEvent, label: Label, time: Clock): string {
  const { seq, timestamp, sender, replyTo, deleted, editedAt } = message;
  const to = replyTo === undefined ? '' : ` to #${replyTo}`;
  const words = deleted ? '(deleted)' : saidIn(message);
  const edited = editedAt === undefined || deleted ? '' : ' (edited)';
  return `${time(timestamp)} #${seq} ${label(sender)}${to}: ${words}${edited}${reactionsOf(message)}`;
}

const roleWords = { member: 'a member', admin: 'an admin', owner: 'the owner' };

/** Returns the names of several users. If there are many, names only the first ones. */
function peopleWords(userIds: readonly string[], label: Label): string {
  const named = userIds.length > mostNamed ? userIds.slice(0, mostNamed - 1) : userIds.slice(0, -1);
  const [last = ''] = userIds.slice(-1);
  const others = userIds.length - named.length;
  return `${named.map(label).join(', ')} and ${others === 1 ? label(last) : `${others} others`}`;
}

function memberLine({ userId, userIds, joined, role, by }: Extract<EntryEvent, { type: 'member' }>, label: Label) {
  const who = by === userId || by === '' ? '' : `, by ${label(by)}`;
  if (userIds.length > 1) return `* ${peopleWords(userIds, label)} are now members${who}`;
  return `* ${label(userId)} ${joined ? `is now ${roleWords[role]}` : 'is no longer a member'}${who}`;
}

/** Formats an entry as one line that is safe for a terminal. */
export function entryLine(entry: EntryEvent, label: Label, time: Clock = clock): string {
  if (entry.type === 'message') return messageLine(entry, label, time);
  if (entry.type === 'member') return memberLine(entry, label);
  const who = `* ${label(entry.sender)}`;
  const about = `#${entry.target}`;
  switch (entry.type) {
    case 'edit':
      return `${who} edited ${about}: ${lineOf(entry)}`;
    case 'react':
      return `${who} reacted to ${about}: ${terminalLine(entry.emoji)}`;
    case 'unreact':
      return `${who} removed a reaction from ${about}: ${terminalLine(entry.emoji)}`;
    default:
      return `${who} ${{ delete: 'deleted', pin: 'pinned', unpin: 'unpinned' }[entry.type]} ${about}`;
  }
}
