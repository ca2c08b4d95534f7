import type { NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { channelNames } from '../people-names.js';
import { splitText } from '../split-text.js';
import { type PlacedMessage, SlackFolder, type SlackKind } from './folder.js';
import { millisecondsOf, type SlackChannel, type SlackMessage } from './forms.js';
import { convertedMessage } from './message.js';
import { SlackPeople, senderOf } from './people.js';
import { type SlackNames, unescaped } from './text.js';

type Channel = SlackChannel & { readonly kind: SlackKind };

/** Messages about members, and whether these have joined. */
const memberChanges: Readonly<Record<string, boolean>> = {
  channel_join: true,
  group_join: true,
  channel_leave: false,
  group_leave: false,
};

/** Converts one channel. It remembers the numbers of messages that began threads. */
class SlackChannelLines {
  readonly #channel: Channel;
  readonly #people: SlackPeople;
  readonly #names: SlackNames;
  readonly #threads = new Map<string, number>();
  #n = 0;
  #at = 0;

  constructor(channel: Channel, people: SlackPeople, names: SlackNames) {
    this.#channel = channel;
    this.#people = people;
    this.#names = names;
  }

  /** Id of the owner: the creator, or else the first member. */
  get #owner(): string {
    const { creator, members } = this.#channel;
    const [first] = this.#people.lines();
    const other = first?.type === 'person' ? first.id : '';
    return [creator, ...members].find((id) => id !== undefined && this.#people.has(id)) ?? other;
  }

  #pair(): [string, string] | undefined {
    const { kind, members } = this.#channel;
    const [one, two = one] = members;
    return kind === 'direct' && one !== undefined && two !== undefined ? [one, two] : undefined;
  }

  line(): NewLine {
    const { id, kind, name = '', topic, purpose, created } = this.#channel;
    const pair = this.#pair();
    const head = { type: 'channel' as const, id, owner: this.#owner, ...(created && { created_at: created * 1_000 }) };
    if (pair !== undefined) return { ...head, kind: 'direct', name: '', pair };
    const shown = kind === 'group' ? this.#peopleNames() : name;
    const names = channelNames(
      shown,
      [topic, purpose].map((one) => unescaped(one?.value ?? '')),
    );
    return { ...head, kind: kind === 'direct' ? 'group' : kind, ...names, limit: 10_000 };
  }

  #peopleNames(): string {
    return this.#channel.members.map((id) => this.#people.userIdOf(id) ?? id).join(', ');
  }

  *entry({ message }: PlacedMessage): Generator<NewLine> {
    this.#at = Math.max(this.#at, millisecondsOf(message.ts));
    const joined = memberChanges[message.subtype ?? ''];
    if (joined !== undefined) yield this.#change(message, joined);
    else if (message.subtype === 'tombstone') yield this.#deleted(message);
    else yield* this.#message(message);
  }

  #next(message: SlackMessage) {
    this.#n += 1;
    if (message.thread_ts === message.ts && !this.#threads.has(message.ts)) this.#threads.set(message.ts, this.#n);
    return { n: this.#n, at: this.#at };
  }

  #change(message: SlackMessage, joined: boolean): NewLine {
    const person = senderOf(message);
    const by = message.inviter ?? person;
    return { type: 'change', ...this.#next(message), by, people: [person], joined, role: joined ? 'member' : 'none' };
  }

  #deleted(message: SlackMessage): NewLine {
    return { type: 'message', ...this.#next(message), from: senderOf(message), deleted_at: this.#at };
  }

  *#message(message: SlackMessage): Generator<NewLine> {
    const converted = convertedMessage(message, this.#people, this.#names);
    const { thread_ts: thread } = message;
    const replyTo = thread === undefined || thread === message.ts ? undefined : this.#threads.get(thread);
    const parts = splitText(converted.text);
    for (const [at, text] of parts.entries()) {
      const isFirst = at === 0;
      yield {
        type: 'message',
        ...this.#next(message),
        from: senderOf(message),
        text,
        ...(replyTo !== undefined && { reply_to: replyTo }),
        ...(converted.editedMs !== undefined && { edited_at: converted.editedMs }),
        ...(isFirst && converted.mentions.length > 0 && { mentions: [...converted.mentions] }),
        ...(isFirst && converted.reactions.length > 0 && { reactions: converted.reactions }),
        ...(isFirst && this.#pin(message)),
      };
    }
  }

  #pin({ ts }: SlackMessage) {
    const pin = this.#channel.pins?.find(({ id }) => id === ts);
    if (pin === undefined) return {};
    return { pinned_at: (pin.created ?? 0) * 1_000 || this.#at, pinned_by: pin.user ?? this.#owner };
  }

  *members(): Generator<NewLine> {
    const all = new Set([this.#owner, ...(this.#pair() ?? this.#channel.members)]);
    for (const person of all) if (!this.#people.isBot(person)) yield { type: 'member', person };
  }
}

/** Converts an unpacked export of Slack into the lines of an export of Parley. */
class SlackExport {
  readonly #folder: SlackFolder;
  readonly #people: SlackPeople;
  readonly #channels: readonly Channel[];
  readonly #source: string;
  #lines = 0;

  private constructor(folder: SlackFolder, people: SlackPeople, channels: readonly Channel[], source: string) {
    this.#folder = folder;
    this.#people = people;
    this.#channels = channels;
    this.#source = source;
  }

  static async open(path: string): Promise<SlackExport> {
    const folder = await SlackFolder.open(path);
    const [users, channels] = [await folder.users(), await folder.channels()];
    const people = new SlackPeople(users);
    for (const channel of channels) {
      people.noteChannel(channel);
      for await (const { message } of folder.messages(channel)) people.note(message);
    }
    const team = users.find((user) => user.team_id !== undefined)?.team_id ?? channels[0]?.id ?? '';
    return new SlackExport(folder, people, channels, `slack/${team}`);
  }

  async *lines(): AsyncGenerator<PlacedValue> {
    yield this.#placed('The export', { type: 'export', version: 1, source: this.#source, moment: 0 });
    for (const person of this.#people.lines()) yield this.#placed('users.json', person);
    for (const channel of this.#channels) yield* this.#channel(channel);
    yield { where: 'The export', value: { type: 'end', lines: this.#lines } };
  }

  async *#channel(channel: Channel): AsyncGenerator<PlacedValue> {
    const where = `The channel ${channel.name ?? channel.id}`;
    const names: SlackNames = {
      userIdOf: (id) => this.#people.userIdOf(id),
      channelNameOf: (id) => this.#channels.find((one) => one.id === id)?.name,
    };
    const converter = new SlackChannelLines(channel, this.#people, names);
    yield this.#placed(where, converter.line());
    for await (const placed of this.#folder.messages(channel)) {
      for (const line of converter.entry(placed)) yield this.#placed(placed.where, line);
    }
    for (const line of converter.members()) yield this.#placed(where, line);
  }

  #placed(where: string, value: NewLine): PlacedValue {
    this.#lines += 1;
    return { where, value };
  }
}

/**
 * Yields the lines of an export of Slack.
 * @param path folder of the unpacked export
 * @throws {Failure}
 */
export async function* slackLines(path: string): AsyncGenerator<PlacedValue> {
  yield* (await SlackExport.open(path)).lines();
}
