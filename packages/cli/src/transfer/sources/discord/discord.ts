import { emojiFrom, limits } from '@parley/runtime';
import type { LineOf, NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { attachedFile } from '../attached-file.js';
import { messageLines } from '../message-lines.js';
import { type ChannelNames, channelNames, firstName, humanFirst, UserIds } from '../people-names.js';
import type { SourceSettings } from '../source-settings.js';
import { type SourceChannel, wholeExport } from '../whole-export.js';
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

  isBot(id: string): boolean {
    return this.people.get(id)?.bot === true;
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
  readonly #owner: string;
  readonly #members: readonly string[];
  readonly #shown: ChannelNames;
  readonly #numbers = new Map<string, number>();
  #n = 0;
  #at = 0;

  constructor(parts: DiscordParts, owner: string, members: readonly string[]) {
    this.#parts = parts;
    this.#owner = owner;
    this.#members = members;
    this.#shown = channelNames(parts.channel.name, [parts.channel.topic ?? '']);
  }

  get #isDirect(): boolean {
    return this.#parts.channel.type === 'DirectTextChat' && this.#members.length === 2;
  }

  line(): NewLine {
    const { id, type } = this.#parts.channel;
    const head = { type: 'channel' as const, id, owner: this.#owner };
    if (this.#isDirect) return { ...head, kind: 'direct', name: '', pair: this.#members as [string, string] };
    const kind = type.startsWith('Direct') ? 'group' : 'private';
    return { ...head, kind, ...this.#shown.shown, limit: limits.chatMembers };
  }

  /** Yields the topic as messages if it is too long, at the time of the first message. */
  *opening(): Generator<NewLine> {
    if (this.#isDirect) return;
    const at = this.#parts.files[0]?.firstMs ?? 0;
    for (const text of this.#shown.opening) yield { type: 'message', n: ++this.#n, at, from: this.#owner, text };
  }

  async *message(message: DiscordMessage, where: string, folder: string): AsyncGenerator<NewLine> {
    if (this.#numbers.has(message.id)) return; // Another file of the channel has it, too.
    const { author, attachments, reference, mentions, timestampEdited, isPinned } = message;
    const paths = (attachments ?? []).filter(({ url }) => !isRemote(url)).map(({ url }) => pathIn(url));
    for (const path of paths) yield* attachedFile({ path, from: author.id, where }, folder);
    this.#at = Math.max(this.#at, Date.parse(message.timestamp));
    const { emoji, others } = reactionsOf(message);
    const text = [...textOf(message), ...others].join('\n');
    const converted = {
      ...{ at: this.#at, from: author.id, files: paths, reactions: emoji },
      text: text === '' && paths.length === 0 ? `[${message.type}]` : text,
      replyTo: this.#numbers.get(reference?.messageId ?? ''),
      editedMs: timestampEdited == null ? undefined : Date.parse(timestampEdited),
      mentions: [...new Set((mentions ?? []).map(({ id }) => id))].slice(0, limits.mentions),
      pin: isPinned === true ? { pinned_at: this.#at, pinned_by: author.id } : undefined,
    };
    this.#numbers.set(message.id, this.#n + 1);
    yield* messageLines(converted, () => ++this.#n);
  }

  *members(): Generator<NewLine> {
    for (const person of this.#members) yield { type: 'member', person };
  }
}

async function* channelLines({ channel, files }: DiscordParts, converter: DiscordChannelLines) {
  const where = `The channel ${channel.name}`;
  for (const value of [converter.line(), ...converter.opening()]) yield { where, value };
  for (const { file } of files) {
    for (const { where: place, message } of (await readPart(file)).messages)
      for await (const value of converter.message(message, place, folderOf(file))) yield { where: place, value };
  }
  for (const value of converter.members()) yield { where, value };
}

function channelOf(parts: DiscordParts, index: DiscordIndex): SourceChannel {
  const { name } = parts.channel;
  const authors = [...parts.authors];
  const owner = humanFirst(authors, (id) => index.isBot(id));
  if (owner === undefined) return { name, lines: undefined };
  // An export of Discord names no members.
  const members = authors.filter((id) => !index.isBot(id));
  return { name, lines: channelLines(parts, new DiscordChannelLines(parts, owner, members)) };
}

function* channelsOf(index: DiscordIndex): Generator<SourceChannel> {
  for (const parts of index.channels.values()) yield channelOf(parts, index);
}

/**
 * Yields the lines of files of DiscordChatExporter.
 * @param path a JSON file, or a folder with such files
 * @throws {Failure}
 */
export async function* discordLines(path: string, settings: SourceSettings = {}): AsyncGenerator<PlacedValue> {
  const index = await DiscordIndex.of(path);
  const source = `discord/${settings.source ?? index.guild}`;
  const people = [...index.people.values()].map((person) => ({ where: `The user ${person.id}`, value: person }));
  yield* wholeExport({ source, people, channels: channelsOf(index) }, settings);
}
