import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { limits } from '@parley/runtime';
import { usage } from '../../../failure.js';
import { terminalLine } from '../../../plain-text.js';
import { importFault } from '../../fault.js';
import type { NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { attachedFile } from '../attached-file.js';
import { codeParts, withEmoji } from '../emoji-names.js';
import { channelNames } from '../people-names.js';
import { convertedReactions } from '../reactions.js';
import { splitText } from '../split-text.js';
import { BulkFile } from './bulk-file.js';
import { BulkIndex, type IndexedChannel, type PostPlace } from './bulk-index.js';
import type { MattermostPost, MattermostReply } from './forms.js';

/** Converts one channel. It remembers the numbers of posts with replies. */
class MattermostChannelLines {
  readonly #channel: IndexedChannel;
  readonly #index: BulkIndex;
  readonly #file: BulkFile;
  readonly #folder: string;
  /** Numbers of posts, by the positions of their lines. */
  readonly #roots = new Map<number, number>();
  #n = 0;

  constructor(channel: IndexedChannel, index: BulkIndex, file: BulkFile, folder: string) {
    this.#channel = channel;
    this.#index = index;
    this.#file = file;
    this.#folder = folder;
  }

  get #owner(): string {
    const { members, people } = this.#channel;
    const [first] = this.#index.people.keys();
    const chosen = members.find(({ isAdmin }) => isAdmin) ?? members[0];
    return chosen?.person ?? people[0] ?? first ?? '';
  }

  line(): NewLine {
    const { id, channel, people, header } = this.#channel;
    const head = { type: 'channel' as const, id, owner: this.#owner };
    const [one, two = one, three] = people;
    if (one !== undefined && two !== undefined && three === undefined)
      return { ...head, kind: 'direct', name: '', pair: [one, two] };
    const shown = channel === undefined ? people.join(', ') : channel.display_name || channel.name;
    const kind = channel === undefined ? 'group' : channel.type === 'O' ? 'public' : 'private';
    return { ...head, kind, ...channelNames(shown, [header]), limit: limits.chatMembers };
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
  }

  *#messages(one: MattermostPost | MattermostReply, place: PostPlace, files: string[]): Generator<NewLine> {
    const { emoji, others } = convertedReactions(reactionsOf(one), (id) => id);
    const text = [textOf(one), ...others].filter((part) => part.trim() !== '').join('\n');
    const isEmpty = text === '' && files.length === 0;
    const parts = splitText(isEmpty ? `[${one.type || 'message without text'}]` : text);
    const root = place.reply < 0 ? undefined : this.#roots.get(place.start);
    const mentions = this.#mentions(text);
    for (const [at, part] of parts.entries()) {
      const isFirst = at === 0;
      this.#n += 1;
      if (isFirst && place.reply < 0 && (one as MattermostPost).replies?.length) this.#roots.set(place.start, this.#n);
      yield {
        type: 'message',
        ...{ n: this.#n, at: one.create_at, from: one.user, text: part },
        ...(root !== undefined && { reply_to: root }),
        ...(one.edit_at && { edited_at: one.edit_at }),
        ...(isFirst && mentions.length > 0 && { mentions }),
        ...(isFirst && emoji.length > 0 && { reactions: emoji }),
        ...(isFirst && files.length > 0 && { files }),
        ...(isFirst &&
          'is_pinned' in one &&
          one.is_pinned === true && { pinned_at: one.create_at, pinned_by: one.user }),
      };
    }
  }

  /** Returns the people whom a text mentions by their user names. */
  #mentions(text: string): string[] {
    const names = [...text.matchAll(/(?<![\w.])@([a-z0-9][a-z0-9._-]*)/g)].map(([, name = '']) => name);
    const known = names.map((name) => [name, name.replace(/[._-]+$/, '')].find((one) => this.#index.people.has(one)));
    return [...new Set(known.filter((name) => name !== undefined))].slice(0, limits.mentions);
  }

  *members(): Generator<NewLine> {
    const { members, posts } = this.#channel;
    const seen = new Set<string>();
    for (const { person, isAdmin, viewedMs } of members) {
      if (seen.has(person) || this.#index.people.get(person)?.bot === true) continue;
      seen.add(person);
      const read = viewedMs === undefined ? undefined : this.#readBy(posts, viewedMs);
      yield { type: 'member', person, ...(isAdmin && { role: 'admin' }), ...(read !== undefined && { read }) };
    }
    if (!seen.has(this.#owner)) yield { type: 'member', person: this.#owner };
  }

  /** Returns the number of messages up to a time. If long posts were split, all are read. */
  #readBy(posts: readonly PostPlace[], viewedMs: number): number | undefined {
    if (posts.length !== this.#n) return undefined;
    const next = posts.findIndex(({ at }) => at > viewedMs);
    return next < 0 ? posts.length : next;
  }
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
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${terminalLine(path)} cannot be read (${cause.code}). Choose another file.`);
  });
  return found.isDirectory() ? join(path, 'import.jsonl') : path;
}

/**
 * Yields the lines of a bulk export of Mattermost.
 * @param path the file with the lines, or the unpacked folder with `import.jsonl`
 * @throws {Failure}
 */
export async function* mattermostLines(path: string): AsyncGenerator<PlacedValue> {
  const lines = await linesOf(path);
  const file = await BulkFile.open(lines);
  try {
    yield* exportLines(file, await BulkIndex.of(file), dirname(lines));
  } finally {
    await file.close();
  }
}

async function* exportLines(file: BulkFile, index: BulkIndex, folder: string): AsyncGenerator<PlacedValue> {
  let count = 0;
  const placed = (where: string, value: NewLine): PlacedValue => {
    count += 1;
    return { where, value };
  };
  yield placed('The export', { type: 'export', version: 1, source: `mattermost/${index.team}`, moment: 0 });
  for (const person of index.people.values()) yield placed(`The user ${person.id}`, person);
  for (const channel of index.channels.values()) {
    const where = `The channel ${channel.id}`;
    const converter = new MattermostChannelLines(channel, index, file, folder);
    yield placed(where, converter.line());
    for (const place of channel.posts) for await (const line of converter.post(place)) yield placed(place.where, line);
    for (const line of converter.members()) yield placed(where, line);
  }
  yield placed('The export', { type: 'end', lines: count });
}
