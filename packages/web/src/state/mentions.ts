import type { ConversationState } from './conversation-state.js';
import { givenName, type Names } from './names.js';
import { isRoom } from './rooms.js';

/** A part of a text: a mention of the user with an id, or other words. */
export interface MentionPart {
  readonly text: string;
  readonly userId?: string;
}

/** Matches `@` and an id, and not an address such as `ann@example.org`. */
const mention = /(?<![\p{L}\p{N}_@./])@([A-Za-z0-9][A-Za-z0-9._-]{0,63})/gu;

/** Returns the id at the start of a word. A full stop or hyphen at the end is part of it only if there is such an id. */
function idIn(word: string, isId: (word: string) => boolean): string | undefined {
  return [word, word.replace(/[._-]+$/, '')].find(isId);
}

/** Splits a text at the mentions of users. Ids ignore case. */
export function mentionParts(text: string, userIds: readonly string[]): readonly MentionPart[] {
  const known = new Map(userIds.map((id) => [id.toLowerCase(), id]));
  const parts: MentionPart[] = [];
  let at = 0;
  for (const { 0: found, 1: word = '', index } of text.matchAll(mention)) {
    const id = idIn(word, (one) => known.has(one.toLowerCase()));
    if (id === undefined) continue;
    if (index > at) parts.push({ text: text.slice(at, index) });
    at = index + found.length - word.length + id.length;
    parts.push({ text: text.slice(index, at), userId: known.get(id.toLowerCase()) ?? id });
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Returns a text with the names of the mentioned users, for a line elsewhere. Unknown ids stay. */
export function mentionsByName(text: string, names: Names): string {
  return text.replace(mention, (found: string, word: string) => {
    const id = idIn(word, (one) => Object.hasOwn(names, one));
    return id === undefined ? found : `@${givenName(names, id)}${word.slice(id.length)}`;
  });
}

/** Returns the ids of the users whom a text mentions, out of those who can be mentioned. */
export function mentionedIn(text: string, userIds: readonly string[]): readonly string[] {
  const ids = mentionParts(text, userIds).flatMap(({ userId }) => (userId === undefined ? [] : [userId]));
  return [...new Set(ids)];
}

/** A user who can be mentioned. */
export interface Mentionable {
  readonly id: string;
  readonly name: string;
}

/** Returns the first `most` users that fit, and looks no further. */
function firstFitting(
  people: readonly Mentionable[],
  fits: (one: Mentionable) => boolean,
  most: number,
): readonly Mentionable[] {
  const found: Mentionable[] = [];
  for (const one of people) {
    if (found.length >= most) break;
    if (fits(one)) found.push(one);
  }
  return found;
}

/** Returns the users whose id or a word of whose name begins with a text, the closest first. */
export function matchingPeople(people: readonly Mentionable[], text: string, most: number): readonly Mentionable[] {
  const sought = text.toLowerCase();
  const starts = ({ id, name }: Mentionable) =>
    id.toLowerCase().startsWith(sought) || name.toLowerCase().startsWith(sought);
  const words = ({ name }: Mentionable) =>
    name
      .toLowerCase()
      .split(/[\s._-]+/)
      .some((word) => word.startsWith(sought));
  const first = firstFitting(people, starts, most);
  return [...first, ...firstFitting(people, (one) => !starts(one) && words(one), most - first.length)];
}

/** Number of lines whose senders come first. */
const recentLines = 200;

/**
 * Returns the users whom a message can mention, without this user: those who wrote last come first. In a chat, these
 * are the members; in a room, the users who are there or whose messages are stored.
 */
export function mentionable(state: ConversationState, members: readonly Mentionable[]): readonly Mentionable[] {
  const { channel, lines, here, receipts, names, me } = state;
  const senders = lines.flatMap((line) => (line.type === 'said' ? [line.sender] : [])).reverse();
  const mayHaveLeft = channel === undefined || !isRoom(channel);
  const present = new Set([...here, ...Object.keys(receipts), ...members.map(({ id }) => id)]);
  const recent = senders.slice(0, recentLines).filter((id) => !mayHaveLeft || present.has(id));
  const ids = new Set([...recent, ...(mayHaveLeft ? [] : senders), ...present]);
  ids.delete(me);
  const given = new Map(members.map(({ id, name }) => [id, name]));
  return [...ids].map((id) => ({ id, name: given.get(id) || givenName(names, id) }));
}
