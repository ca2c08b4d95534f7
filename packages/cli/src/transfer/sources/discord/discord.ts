import { emojiFrom, limits } from '@parley/runtime';
import type { LineOf, NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { attachedFile } from '../attached-file.js';
import { channelNames, firstName, UserIds } from '../people-names.js';
import { splitText } from '../split-text.js';
import { discordFiles, folderOf, readPart } from './folder.js';
import type { DiscordAuthor, DiscordChannel, DiscordMessage } from './forms.js';

type Reactions = NonNullable<LineOf<'message'>['reactions']>;
type Person = NewLine & { readonly type: 'person' };

/** A channel, and the files with its messages. */
interface DiscordParts {
  readonly channel: DiscordChannel;
  readonly files: { readonly file: string; readonly firstMs: number }[];
  /** Ids of everyone who has written. */
  readonly authors: Set<string>;
}

/** What the files contain: people, and channels with the files of each. */
class DiscordIndex {
  readonly people = new Map<string, Person>();
  readonly channels = new Map<string, DiscordParts>();
  readonly #ids = new UserIds();
  guild = '';

  static async of(path: string): Promise<DiscordIndex> {
    const index = new DiscordIndex();
    for (const file of await discordFiles(path)) await index.#take(file);
    for (const { files } of index.channels.values()) files.sort((one, other) => one.firstMs - other.firstMs);
    return index;
  }

  async #take(file: string): Promise<void> {
    const { guild, channel, messages } = await readPart(file);
    this.guild ||= guild;
    const parts = this.channels.get(channel.id) ?? { channel, files: [], authors: new Set() };
    this.channels.set(channel.id, parts);
    const [first] = messages;
    if (first !== undefined) parts.files.push({ file, firstMs: Date.parse(first.message.timestamp) });
    for (const { message } of messages) {
      parts.authors.add(message.author.id);
      const others = (message.reactions ?? []).flatMap(({ users }) => users ?? []);
      for (const one of [message.author, ...(message.mentions ?? []), ...others]) this.#addPerson(one);
    }
  }

  #addPerson({ id, name, nickname, isBot }: DiscordAuthor): void {
    if (this.people.has(id)) return;
    const shown = firstName(nickname ?? undefined, name);
    const person: Person = { type: 'person', id, user_id: this.#ids.take(name, id), name: shown };
    this.people.set(id, isBot === true ? { ...person, bot: true } : person);
  }
}

/** Returns the reactions with emoji and people, and lines about all others. */
function reactionsOf({ reactions }: DiscordMessage): { emoji: Reactions; others: string[] } {
  const emoji: Reactions = [];
  const others: string[] = [];
  for (const { emoji: one, users, count } of reactions ?? []) {
    const known = emojiFrom(one.name);
    const people = [...new Set((users ?? []).map(({ id }) => id))];
    const isNew = known !== undefined && emoji.every((other) => other.emoji !== known);
    if (isNew && people.length > 0 && emoji.length < limits.reactionsPerMessage) emoji.push({ emoji: known, people });
    else
      others.push(
        `[${known ?? `:${one.code || one.name}:`} ${(users ?? []).map(({ name }) => name).join(', ') || count}]`,
      );
  }
  return { emoji, others };
}

/** Returns the text of a message: its content, previews of programs, stickers, and links to files. */
function textOf({ content, embeds, stickers, author, attachments }: DiscordMessage): string[] {
  const previews = author.isBot === true ? (embeds ?? []) : []; // Those of people repeat a link.
  return [
    content,
    ...previews.flatMap(({ title, url, description }) => [title && url ? `[${title}](${url})` : title, description]),
    ...(stickers ?? []).map(({ name }) => `[${name}]`),
    ...(attachments ?? []).flatMap(({ url, fileName }) => (isRemote(url) ? [`[${fileName}](${url})`] : [])),
  ].flatMap((part) => (part === null || part === undefined || part.trim() === '' ? [] : [part]));
}

const isRemote = (url: string) => /^https?:/.test(url);

/** Returns the path that the address of a file in the export encodes. */
function pathIn(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url; // It is no encoded address.
  }
}

/** Converts one channel. It remembers the number of each message for replies. */
class DiscordChannelLines {
  readonly #parts: DiscordParts;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #numbers = new Map<string, number>();
  #n = 0;
  #at = 0;

  constructor(parts: DiscordParts, people: ReadonlyMap<string, Person>) {
    this.#parts = parts;
    this.#people = people;
  }

  /** The people who have written. An export of Discord names no members. */
  get #members(): string[] {
    return [...this.#parts.authors].filter((id) => this.#people.get(id)?.bot !== true);
  }

  get #owner(): string {
    const [first = ''] = [...this.#members, ...this.#parts.authors, ...this.#people.keys()];
    return first;
  }

  line(): NewLine {
    const { id, type, name, topic } = this.#parts.channel;
    const head = { type: 'channel' as const, id, owner: this.#owner };
    const [one, two, three] = this.#members;
    if (type === 'DirectTextChat' && one !== undefined && two !== undefined && three === undefined)
      return { ...head, kind: 'direct', name: '', pair: [one, two] };
    const kind = type.startsWith('Direct') ? 'group' : 'private';
    return { ...head, kind, ...channelNames(name, [topic ?? '']), limit: limits.chatMembers };
  }

  async *message(message: DiscordMessage, where: string, folder: string): AsyncGenerator<NewLine> {
    const { author, attachments, reference, mentions, timestampEdited, isPinned } = message;
    const paths = (attachments ?? []).filter(({ url }) => !isRemote(url)).map(({ url }) => pathIn(url));
    for (const path of paths) yield* attachedFile({ path, from: author.id, where }, folder);
    this.#at = Math.max(this.#at, Date.parse(message.timestamp));
    const { emoji, others } = reactionsOf(message);
    const text = [...textOf(message), ...others].join('\n');
    const replyTo = this.#numbers.get(reference?.messageId ?? '');
    const people = [...new Set((mentions ?? []).map(({ id }) => id))].slice(0, limits.mentions);
    for (const [at, part] of splitText(text === '' && paths.length === 0 ? `[${message.type}]` : text).entries()) {
      this.#n += 1;
      if (at === 0) this.#numbers.set(message.id, this.#n);
      yield {
        type: 'message',
        ...{ n: this.#n, at: this.#at, from: author.id, text: part },
        ...(replyTo !== undefined && { reply_to: replyTo }),
        ...(timestampEdited != null && { edited_at: Date.parse(timestampEdited) }),
        ...(at === 0 && people.length > 0 && { mentions: people }),
        ...(at === 0 && emoji.length > 0 && { reactions: emoji }),
        ...(at === 0 && paths.length > 0 && { files: paths }),
        ...(at === 0 && isPinned === true && { pinned_at: this.#at, pinned_by: author.id }),
      };
    }
  }

  *members(): Generator<NewLine> {
    for (const person of new Set([this.#owner, ...this.#members])) yield { type: 'member', person };
  }
}

/**
 * Yields the lines of files of DiscordChatExporter.
 * @param path a JSON file, or a folder with such files
 * @throws {Failure}
 */
export async function* discordLines(path: string): AsyncGenerator<PlacedValue> {
  const index = await DiscordIndex.of(path);
  let count = 0;
  const placed = (where: string, value: NewLine): PlacedValue => {
    count += 1;
    return { where, value };
  };
  yield placed('The export', { type: 'export', version: 1, source: `discord/${index.guild}`, moment: 0 });
  for (const person of index.people.values()) yield placed(`The user ${person.id}`, person);
  for (const parts of index.channels.values()) {
    const where = `The channel ${parts.channel.name}`;
    const converter = new DiscordChannelLines(parts, index.people);
    yield placed(where, converter.line());
    for (const { file } of parts.files) {
      for (const { where: place, message } of (await readPart(file)).messages)
        for await (const line of converter.message(message, place, folderOf(file))) yield placed(place, line);
    }
    for (const line of converter.members()) yield placed(where, line);
  }
  yield placed('The export', { type: 'end', lines: count });
}
