import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { limits } from '@parley/runtime';
import { importFault } from '../../fault.js';
import type { NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { attachedFile } from '../attached-file.js';
import { codeParts, withEmoji } from '../emoji-names.js';
import { messageLines } from '../message-lines.js';
import { type ChannelNames, channelNames, humanFirst } from '../people-names.js';
import { convertedReactions } from '../reactions.js';
import { unreadable } from '../read-json.js';
import type { SourceSettings } from '../source-settings.js';
import { type SourceChannel, wholeExport } from '../whole-export.js';
import { BulkFile } from './bulk-file.js';
import { BulkIndex, type IndexedChannel, type PostPlace } from './bulk-index.js';
import type { MattermostPost, MattermostReply } from './forms.js';

/** Converts one channel. It remembers the numbers of posts with replies. */
class MattermostChannelLines {
  readonly #channel: IndexedChannel;
  readonly #owner: string;
  readonly #shown: ChannelNames;
  readonly #index: BulkIndex;
  readonly #file: BulkFile;
  readonly #folder: string;
  /** Numbers of posts, by the positions of their lines. */
  readonly #roots = new Map<number, number>();
  /** Number of messages up to the end of each post. */
  readonly #ends: number[] = [];
  #n = 0;

  constructor(channel: IndexedChannel, owner: string, index: BulkIndex, file: BulkFile, folder: string) {
    this.#channel = channel;
    this.#owner = owner;
    this.#shown = shownNames(channel);
    this.#index = index;
    this.#file = file;
    this.#folder = folder;
  }

  line(): NewLine {
    const { id, channel } = this.#channel;
    const head = { type: 'channel' as const, id, owner: this.#owner };
    const pair = pairOf(this.#channel);
    if (pair !== undefined) return { ...head, kind: 'direct', name: '', pair };
    const kind = channel === undefined ? 'group' : channel.type === 'O' ? 'public' : 'private';
    return { ...head, kind, ...this.#shown.shown, limit: limits.chatMembers };
  }

  /** Yields the description as messages if it is too long, at the time of the first post. */
  *opening(): Generator<NewLine> {
    if (pairOf(this.#channel) !== undefined) return;
    const at = this.#channel.posts[0]?.at ?? 0;
    for (const text of this.#shown.opening) yield { type: 'message', n: ++this.#n, at, from: this.#owner, text };
  }

  async *post(place: PostPlace): AsyncGenerator<NewLine> {
    const line = await this.#file.at(place);
    const post = line.type === 'post' ? line.post : line.type === 'direct_post' ? line.direct_post : undefined;
    const one = place.reply < 0 ? post : post?.replies?.[place.reply];
    if (post === undefined || one === undefined) throw importFault(place.where, 'It has changed meanwhile.');
    const files: string[] = [];
    for (const { path } of one.attachments ?? []) {
      files.push(path);
      const file = { path, from: one.user, where: place.where };
      yield* attachedFile(file, this.#folder, ['data', '.']);
    }
    yield* this.#messages(one, place, files);
    this.#ends.push(this.#n);
  }

  *#messages(one: MattermostPost | MattermostReply, place: PostPlace, files: string[]): Generator<NewLine> {
    const { emoji, others } = convertedReactions(reactionsOf(one), (id) => id);
    const text = [textOf(one), ...others].filter((part) => part.trim() !== '').join('\n');
    const isEmpty = text === '' && files.length === 0;
    const isPinned = 'is_pinned' in one && one.is_pinned === true;
    const message = {
      ...{ at: one.create_at, from: one.user, files, reactions: emoji },
      text: isEmpty ? `[${one.type || 'message without text'}]` : text,
      replyTo: place.reply < 0 ? undefined : this.#roots.get(place.start),
      editedMs: one.edit_at || undefined,
      mentions: this.#mentions(text),
      pin: isPinned ? { pinned_at: one.create_at, pinned_by: one.user } : undefined,
    };
    const hasReplies = place.reply < 0 && (one as MattermostPost).replies?.length;
    if (hasReplies) this.#roots.set(place.start, this.#n + 1);
    yield* messageLines(message, () => ++this.#n);
  }

  /** Returns the people whom a text mentions by their user names. */
  #mentions(text: string): string[] {
    const names = [...text.matchAll(/(?<![\w.])@([a-z0-9][a-z0-9._-]*)/g)].map(([, name = '']) => name);
    const known = names.map((name) => [name, name.replace(/[._-]+$/, '')].find((one) => this.#index.people.has(one)));
    return [...new Set(known.filter((name) => name !== undefined))].slice(0, limits.mentions);
  }

  *members(): Generator<NewLine> {
    const { members } = this.#channel;
    const seen = new Set<string>();
    for (const { person, isAdmin, viewedMs } of members) {
      if (seen.has(person) || this.#index.isBot(person)) continue;
      seen.add(person);
      const read = viewedMs === undefined ? undefined : this.#readBy(viewedMs);
      yield { type: 'member', person, ...(isAdmin && { role: 'admin' }), ...(read !== undefined && { read }) };
    }
    if (members.length === 0) yield { type: 'member', person: this.#owner };
  }

  /** Returns the number of messages up to a time. */
  #readBy(viewedMs: number): number {
    return this.#ends[countUntil(this.#channel.posts, viewedMs) - 1] ?? 0;
  }
}

/** Returns how many of the sorted posts are not later than a time. */
function countUntil(posts: readonly PostPlace[], ms: number): number {
  let [from, to] = [0, posts.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((posts[middle]?.at ?? 0) > ms) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Returns the two people of a direct chat; undefined for another channel. */
function pairOf({ people: [one, two = one, three] }: IndexedChannel): [string, string] | undefined {
  return one !== undefined && two !== undefined && three === undefined ? [one, two] : undefined;
}

function shownNames({ channel, people, header }: IndexedChannel): ChannelNames {
  return channelNames(channel === undefined ? people.join(', ') : channel.display_name || channel.name, [header]);
}

/** Returns the owner: an admin or else a member. A channel without members belongs to somebody who has written in it. */
function ownerOf({ members, authors }: IndexedChannel, index: BulkIndex): string | undefined {
  const [author] = authors;
  const sorted = [...members.filter(({ isAdmin }) => isAdmin), ...members].map(({ person }) => person);
  return humanFirst(sorted, (id) => index.isBot(id)) ?? author;
}

function reactionsOf({ reactions }: MattermostReply) {
  return (reactions ?? []).map(({ emoji_name: name, user }) => ({ name, users: [user] }));
}

function textOf(one: MattermostPost | MattermostReply): string {
  const hooks = 'props' in one ? ((one as MattermostPost).props?.attachments ?? []) : [];
  const texts = hooks.map(
    ({ pretext, text, fallback }) => [pretext, text].filter(Boolean).join('\n') || (fallback ?? ''),
  );
  const parts = [one.message ?? '', ...texts]
    .filter((part) => part !== '')
    .join('\n')
    .split(codeParts);
  return parts.map((part, at) => (at % 2 === 1 ? part : withEmoji(part))).join('');
}

/** Returns the path of the lines of a bulk export, given it or its folder. */
async function linesOf(path: string): Promise<string> {
  const found = await stat(path).catch(unreadable(path));
  return found.isDirectory() ? join(path, 'import.jsonl') : path;
}

/**
 * Yields the lines of a bulk export of Mattermost.
 * @param path the file with the lines, or the unpacked folder with `import.jsonl`
 * @throws {Failure}
 */
export async function* mattermostLines(path: string, settings: SourceSettings = {}): AsyncGenerator<PlacedValue> {
  const lines = await linesOf(path);
  const file = await BulkFile.open(lines);
  try {
    const index = await BulkIndex.of(file);
    const source = `mattermost/${settings.source ?? index.team}`;
    const people = [...index.people.values()].map((person) => ({ where: `The user ${person.id}`, value: person }));
    yield* wholeExport({ source, people, channels: channelsOf(file, index, dirname(lines)) }, settings);
  } finally {
    await file.close();
  }
}

function* channelsOf(file: BulkFile, index: BulkIndex, folder: string): Generator<SourceChannel> {
  for (const channel of index.channels.values()) {
    const owner = ownerOf(channel, index);
    const lines =
      owner === undefined
        ? undefined
        : channelLines(channel, new MattermostChannelLines(channel, owner, index, file, folder));
    yield { name: channel.id, lines };
  }
}

async function* channelLines(
  { id, posts }: IndexedChannel,
  converter: MattermostChannelLines,
): AsyncGenerator<PlacedValue> {
  const where = `The channel ${id}`;
  for (const value of [converter.line(), ...converter.opening()]) yield { where, value };
  for (const place of posts) for await (const value of converter.post(place)) yield { where: place.where, value };
  for (const value of converter.members()) yield { where, value };
}
