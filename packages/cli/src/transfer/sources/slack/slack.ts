import type { NewLine } from '../../format.js';
import type { PlacedValue } from '../../line-reader.js';
import { messageLines } from '../message-lines.js';
import { type ChannelNames, channelNames, humanFirst } from '../people-names.js';
import type { SourceSettings } from '../source-settings.js';
import { type SourceChannel, wholeExport } from '../whole-export.js';
import { type PlacedMessage, SlackFolder, type SlackKind } from './folder.js';
import { millisecondsOf, type SlackChannel, type SlackMessage, type SlackUser } from './forms.js';
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
  readonly #owner: string;
  readonly #shown: ChannelNames;
  readonly #threads = new Map<string, number>();
  #n = 0;
  #at = 0;

  constructor(channel: Channel, owner: string, people: SlackPeople, names: SlackNames) {
    this.#channel = channel;
    this.#owner = owner;
    this.#people = people;
    this.#names = names;
    const { kind, name = '', topic, purpose } = channel;
    this.#shown = channelNames(
      kind === 'group' ? this.#peopleNames() : name,
      [topic, purpose].map((one) => unescaped(one?.value ?? '')),
    );
  }

  #pair(): [string, string] | undefined {
    const { kind, members } = this.#channel;
    const [one, two = one] = members;
    return kind === 'direct' && one !== undefined && two !== undefined ? [one, two] : undefined;
  }

  line(): NewLine {
    const { id, kind, created } = this.#channel;
    const pair = this.#pair();
    const head = { type: 'channel' as const, id, owner: this.#owner, ...(created && { created_at: created * 1_000 }) };
    if (pair !== undefined) return { ...head, kind: 'direct', name: '', pair };
    return { ...head, kind: kind === 'direct' ? 'group' : kind, ...this.#shown.shown, limit: 10_000 };
  }

  #peopleNames(): string {
    return this.#channel.members.map((id) => this.#people.userIdOf(id) ?? id).join(', ');
  }

  /** Yields the description as messages if it is too long. */
  *opening(): Generator<NewLine> {
    if (this.#pair() !== undefined) return;
    for (const text of this.#shown.opening) {
      this.#at = (this.#channel.created ?? 0) * 1_000;
      yield { type: 'message', n: ++this.#n, at: this.#at, from: this.#owner, text };
    }
  }

  *entry({ message }: PlacedMessage): Generator<NewLine> {
    this.#at = Math.max(this.#at, millisecondsOf(message.ts));
    const joined = memberChanges[message.subtype ?? ''];
    if (joined !== undefined) yield this.#change(message, joined);
    else if (message.subtype === 'tombstone') yield this.#deleted(message);
    else yield* this.#message(message);
  }

  /** Returns the next number, and remembers it for replies to the message. */
  #next(message: SlackMessage) {
    const next = { n: ++this.#n, at: this.#at };
    if (message.thread_ts === message.ts && !this.#threads.has(message.ts)) this.#threads.set(message.ts, next.n);
    return next;
  }

  #change(message: SlackMessage, joined: boolean): NewLine {
    const person = senderOf(message);
    const by = message.inviter ?? person;
    const people = [person];
    // Nothing can reply to a change, so its number is not remembered.
    return { type: 'change', n: ++this.#n, at: this.#at, by, people, joined, role: joined ? 'member' : 'none' };
  }

  #deleted(message: SlackMessage): NewLine {
    return { type: 'message', ...this.#next(message), from: senderOf(message), deleted_at: this.#at };
  }

  *#message(message: SlackMessage): Generator<NewLine> {
    const converted = convertedMessage(message, this.#people, this.#names);
    const { thread_ts: thread } = message;
    const replyTo = thread === undefined || thread === message.ts ? undefined : this.#threads.get(thread);
    const { text, editedMs, mentions, reactions } = converted;
    const sent = { at: this.#at, from: senderOf(message), files: [], pin: this.#pin(message) };
    yield* messageLines({ ...sent, text, replyTo, editedMs, mentions, reactions }, () => this.#next(message).n);
  }

  #pin({ ts }: SlackMessage) {
    const pin = this.#channel.pins?.find(({ id }) => id === ts);
    if (pin === undefined) return undefined;
    return { pinned_at: (pin.created ?? 0) * 1_000 || this.#at, pinned_by: pin.user ?? this.#owner };
  }

  *members(): Generator<NewLine> {
    const { members } = this.#channel;
    const all = this.#pair() ?? (members.length === 0 ? [this.#owner] : members);
    for (const person of new Set(all)) if (!this.#people.isBot(person)) yield { type: 'member', person };
  }
}

/** Converts an unpacked export of Slack into the lines of an export of Parley. */
class SlackExport {
  readonly #folder: SlackFolder;
  readonly #people: SlackPeople;
  readonly #channels: readonly Channel[];
  readonly #settings: SourceSettings;
  readonly #team: string;
  /** Those who have written in each channel without members, by the id of the channel. */
  readonly #authors = new Map<string, Set<string>>();

  private constructor(
    folder: SlackFolder,
    users: readonly SlackUser[],
    channels: readonly Channel[],
    settings: SourceSettings,
  ) {
    this.#folder = folder;
    this.#people = new SlackPeople(users);
    this.#channels = channels;
    this.#settings = settings;
    this.#team = mostFrequent(users.flatMap(({ team_id: team }) => team ?? [])) ?? channels[0]?.id ?? '';
  }

  static async open(path: string, settings: SourceSettings): Promise<SlackExport> {
    const folder = await SlackFolder.open(path);
    const made = new SlackExport(folder, await folder.users(), await folder.channels(), settings);
    for (const channel of made.#channels) await made.#note(channel);
    return made;
  }

  async #note(channel: Channel): Promise<void> {
    this.#people.noteChannel(channel);
    const authors = new Set<string>();
    if (channel.members.length === 0) this.#authors.set(channel.id, authors);
    for await (const { message } of this.#folder.messages(channel)) {
      this.#people.note(message);
      if (memberChanges[message.subtype ?? ''] === undefined) authors.add(senderOf(message));
    }
  }

  /** Returns the owner: a member, best the creator. A channel without members may belong to others. */
  #ownerOf({ id, creator = '', members }: Channel): string | undefined {
    const people = members.length > 0 ? members : [creator, ...(this.#authors.get(id) ?? [])];
    const known = people.filter((one) => this.#people.has(one));
    const sorted = known.includes(creator) ? [creator, ...known] : known;
    return humanFirst(sorted, (one) => this.#people.isBot(one));
  }

  lines(): AsyncGenerator<PlacedValue> {
    const source = `slack/${this.#settings.source ?? this.#team}`;
    const people = [...this.#people.lines()].map((person) => ({ where: 'users.json', value: person }));
    return wholeExport({ source, people, channels: this.#converted() }, this.#settings);
  }

  *#converted(): Generator<SourceChannel> {
    for (const channel of this.#channels) yield this.#channel(channel);
  }

  #channel(channel: Channel): SourceChannel {
    const names: SlackNames = {
      userIdOf: (id) => this.#people.userIdOf(id),
      channelNameOf: (id) => this.#channels.find((one) => one.id === id)?.name,
    };
    const name = channel.name ?? channel.id;
    const owner = this.#ownerOf(channel);
    if (owner === undefined) return { name, lines: undefined };
    return { name, lines: this.#channelLines(channel, new SlackChannelLines(channel, owner, this.#people, names)) };
  }

  async *#channelLines(channel: Channel, converter: SlackChannelLines): AsyncGenerator<PlacedValue> {
    const where = `The channel ${channel.name ?? channel.id}`;
    for (const value of [converter.line(), ...converter.opening()]) yield { where, value };
    for await (const placed of this.#folder.messages(channel)) {
      for (const value of converter.entry(placed)) yield { where: placed.where, value };
    }
    for (const value of converter.members()) yield { where, value };
  }
}

/** Returns the text that is most often in a list. */
function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
  return most?.[0];
}

/**
 * Yields the lines of an export of Slack.
 * @param path folder of the unpacked export
 * @throws {Failure}
 */
export async function* slackLines(path: string, settings: SourceSettings = {}): AsyncGenerator<PlacedValue> {
  yield* (await SlackExport.open(path, settings)).lines();
}
