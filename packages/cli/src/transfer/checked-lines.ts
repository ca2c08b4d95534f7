import { isDisplayName, limits } from '@parley/runtime';
import { terminalLine } from '../plain-text.js';
import { importFault } from './fault.js';
import { formatVersion, type LineOf, parseLine, type TransferLine } from './format.js';
import { importedData } from './imported-data.js';
import type { PlacedValue } from './line-reader.js';

export type FileLine = LineOf<'file'>;

const quoted = (id: string) => `"${terminalLine(id)}"`;

/** The channel whose lines are being read. */
interface OpenChannel {
  readonly line: LineOf<'channel'>;
  entries: number;
  lastAt: number;
  /** Bit for each entry: whether it is a message, to which others can reply. */
  messages: Uint8Array;
  /** Files for the next message. */
  readonly files: Map<string, FileLine>;
  readonly members: Set<string>;
  /** Number of members who have not left. */
  inside: number;
  hasOwner: boolean;
}

/** A file whose bytes are being read. */
interface OpenFile {
  readonly line: FileLine;
  missing: number;
}

/** Returns an array that has space for a bit. */
function withBit(bits: Uint8Array, bit: number): Uint8Array {
  if (bit >> 3 < bits.length) return bits;
  const larger = new Uint8Array(Math.max(1_024, bits.length * 2));
  larger.set(bits);
  return larger;
}

/**
 * Checks the lines of an export: their form, their order, and that they fit each other. Besides one
 * line, it holds only the ids of people, channels and members of one channel, and a bit for each
 * message of one channel.
 */
export class LineChecker {
  readonly #nowMs: number;
  readonly #people = new Set<string>();
  /** Bots and closed accounts. They may own chats without being members. */
  readonly #closed = new Set<string>();
  readonly #channels = new Set<string>();
  #lines = 0;
  #channel: OpenChannel | undefined;
  #file: OpenFile | undefined;
  #isOver = false;

  /** @param nowMs present time; later times are refused */
  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /**
   * Returns the next line.
   * @throws {Failure} with its place and one sentence
   */
  check({ where, value }: PlacedValue): TransferLine {
    const line = parseLine(value);
    const fault = typeof line === 'string' ? this.#malformed(line, value) : this.#faultOf(line);
    if (fault !== undefined) throw importFault(where, fault);
    this.#lines += 1;
    return line as TransferLine;
  }

  /** @throws {Failure} if the end of the file is missing */
  finish(): void {
    if (!this.#isOver) throw importFault('The file', 'Its end is missing. Copy it again, or export again.');
  }

  #malformed(words: string, value: unknown): string {
    const { type, version } = (value ?? {}) as { type?: unknown; version?: unknown };
    const isNewer = this.#lines === 0 && type === 'export' && version !== formatVersion;
    return isNewer ? `This version of Parley reads version ${formatVersion} of the format, but not this one.` : words;
  }

  #faultOf(line: TransferLine): string | undefined {
    if (this.#isOver) return 'There is a line after the end.';
    if ((this.#lines === 0) !== (line.type === 'export')) return 'The first line must be that of an export.';
    if (this.#file !== undefined && line.type !== 'bytes')
      return `${this.#file.missing} bytes of the file before it are missing.`;
    return this.#timeFault(line) ?? this.#partFault(line);
  }

  #timeFault(line: TransferLine): string | undefined {
    const times = ['at', 'moment', 'created_at', 'edited_at', 'deleted_at', 'pinned_at', 'joined_at'] as const;
    const fields = line as Readonly<Partial<Record<string, unknown>>>;
    const later = times.find((name) => Number(fields[name] ?? 0) > this.#nowMs);
    return later === undefined ? undefined : `"${later}" is in the future. Compare the clocks of both systems.`;
  }

  #partFault(line: TransferLine): string | undefined {
    switch (line.type) {
      case 'export':
        return undefined;
      case 'person':
        return this.#personFault(line);
      case 'channel':
        return this.#channelFault(line);
      case 'end':
        return this.#endFault(line);
      default:
        return this.#channel === undefined
          ? 'It belongs to a channel, but there is none.'
          : this.#inChannel(line, this.#channel);
    }
  }

  #personFault({ id, bot, status }: LineOf<'person'>): string | undefined {
    if (this.#channels.size > 0) return 'People come before channels.';
    if (this.#people.has(id)) return `The person ${quoted(id)} is here twice.`;
    this.#people.add(id);
    if (bot === true || status !== undefined) this.#closed.add(id);
    return undefined;
  }

  #unknownPerson(ids: readonly (string | undefined)[]): string | undefined {
    const unknown = ids.find((id) => id !== undefined && !this.#people.has(id));
    return unknown === undefined ? undefined : `There is no person ${quoted(unknown)} in this file.`;
  }

  #channelFault(line: LineOf<'channel'>): string | undefined {
    const fault =
      this.#filesFault() ??
      this.#ownerFault() ??
      channelFault(line) ??
      this.#unknownPerson([line.owner, ...(line.pair ?? [])]);
    if (fault !== undefined) return fault;
    if (this.#channels.has(line.id)) return `The channel ${quoted(line.id)} is here twice.`;
    this.#channels.add(line.id);
    const none = { entries: 0, lastAt: 0, inside: 0, hasOwner: false, messages: new Uint8Array(0) };
    this.#channel = { line, ...none, files: new Map(), members: new Set() };
    return undefined;
  }

  /** Checks that the owner of the chat before this line is one of its members. */
  #ownerFault(): string | undefined {
    if (this.#channel === undefined || this.#channel.line.kind === 'room') return undefined;
    const { line, hasOwner } = this.#channel;
    if (hasOwner || this.#closed.has(line.owner)) return undefined;
    return `The owner ${quoted(line.owner)} of the channel before it is not one of its members.`;
  }

  #filesFault(): string | undefined {
    return this.#channel !== undefined && this.#channel.files.size > 0
      ? 'The file before it belongs to no message.'
      : undefined;
  }

  #endFault({ lines }: LineOf<'end'>): string | undefined {
    if (lines !== this.#lines) return `The export had ${lines} lines before its end, but here are ${this.#lines}.`;
    this.#isOver = true;
    return this.#filesFault() ?? this.#ownerFault();
  }

  #inChannel(line: LineOf<'message' | 'change' | 'file' | 'bytes' | 'member'>, channel: OpenChannel) {
    switch (line.type) {
      case 'message':
        return this.#messageFault(line, channel);
      case 'change':
        return this.#unknownPerson([line.by, ...line.people]) ?? this.#entryFault(line, channel, false);
      case 'member':
        return this.#memberFault(line, channel);
      case 'file':
        return this.#fileFault(line, channel);
      default:
        return this.#bytesFault(line);
    }
  }

  #entryFault({ n, at }: LineOf<'message' | 'change'>, channel: OpenChannel, isMessage: boolean): string | undefined {
    if (channel.line.retention_seconds === 0) return 'The channel stores no messages, so it cannot have this one.';
    if (channel.members.size > 0) return 'Messages come before members.';
    if (n !== channel.entries + 1) return `Its number is ${n}, but must be ${channel.entries + 1}.`;
    if (at < channel.lastAt) return 'It is earlier than the one before it.';
    if (!isMessage && channel.files.size > 0) return 'The file before it belongs to no message.';
    channel.entries = n;
    channel.lastAt = at;
    channel.messages = withBit(channel.messages, n);
    if (isMessage) (channel.messages[n >> 3] as number) |= 1 << (n & 7);
    return undefined;
  }

  #messageFault(line: LineOf<'message'>, channel: OpenChannel): string | undefined {
    const { from, reply_to: target, mentions = [], pinned_by: pinnedBy, reactions = [] } = line;
    const isMessage = (n: number) => n < line.n && ((channel.messages[n >> 3] ?? 0) & (1 << (n & 7))) !== 0;
    if (target !== undefined && !isMessage(target)) return `It replies to ${target}, which is no earlier message.`;
    const people = [from, pinnedBy, ...mentions, ...reactions.flatMap((one) => one.people)];
    const fault = this.#unknownPerson(people) ?? reactionFault(line) ?? messageFilesFault(line, channel);
    if (fault !== undefined) return fault;
    channel.files.clear();
    return this.#entryFault(line, channel, true);
  }

  #memberFault(line: LineOf<'member'>, channel: OpenChannel): string | undefined {
    const { person, joined, stay = 0, read = 0, delivered = 0 } = line;
    if (channel.files.size > 0) return 'The file before it belongs to no message.';
    if (channel.members.has(person)) return `The member ${quoted(person)} is here twice.`;
    if (Math.max(joined, stay, read, delivered) > channel.entries) return 'It names a message that is not there.';
    const { owner, pair = [person] } = channel.line;
    if (!pair.includes(person)) return `${quoted(person)} is not one of the two people of this direct chat.`;
    channel.members.add(person);
    if (line.out === undefined) channel.inside += 1;
    if (line.out === undefined && person === owner) channel.hasOwner = true;
    if (channel.inside > limits.chatMembers) return `A channel has at most ${limits.chatMembers} members.`;
    return this.#unknownPerson([person]);
  }

  #fileFault(line: FileLine, channel: OpenChannel): string | undefined {
    if (channel.files.has(line.id)) return `The file ${quoted(line.id)} is here twice.`;
    if (channel.files.size === limits.filesAtOnce) return `A message has at most ${limits.filesAtOnce} files.`;
    channel.files.set(line.id, line);
    if (line.missing === undefined && line.size > 0) this.#file = { line, missing: line.size };
    return this.#unknownPerson([line.from]);
  }

  #bytesFault({ base64 }: LineOf<'bytes'>): string | undefined {
    const file = this.#file;
    if (file === undefined) return 'These bytes belong to no file.';
    file.missing -= Buffer.byteLength(base64, 'base64');
    if (file.missing < 0) return `The file ${quoted(file.line.id)} has more bytes than its size.`;
    if (file.missing === 0) this.#file = undefined;
    return undefined;
  }
}

function channelFault({ kind, pair, limit, name, owner }: LineOf<'channel'>): string | undefined {
  if ((kind === 'direct') !== (pair !== undefined)) return 'A direct chat, and nothing else, has a pair.';
  if (pair !== undefined && name !== '') return 'A direct chat has no name.';
  if (pair !== undefined && !pair.includes(owner)) return 'The owner of a direct chat is one of its two people.';
  if (kind === 'room' && limit > limits.roomSeats) return `A room has at most ${limits.roomSeats} seats.`;
  return kind === 'direct' ? undefined : nameFault(name);
}

function nameFault(name: string): string | undefined {
  return isDisplayName(name) ? undefined : 'Its name is not valid: a name has 1 to 64 visible characters.';
}

function reactionFault({ reactions = [] }: LineOf<'message'>): string | undefined {
  if (reactions.length > limits.reactionsPerMessage)
    return `It has more than ${limits.reactionsPerMessage} different reactions.`;
  return undefined;
}

/** Checks that a message has exactly the files before it, which must be those of its sender. */
function messageFilesFault(line: LineOf<'message'>, channel: OpenChannel): string | undefined {
  const { from, files = [] } = line;
  const isComplete = files.length === channel.files.size && files.every((id) => channel.files.has(id));
  if (!isComplete) return 'Its files must be those right before it.';
  const foreign = [...channel.files.values()].find((file) => file.from !== from);
  if (foreign !== undefined) return `The file ${quoted(foreign.id)} is not of its sender.`;
  const { length } = importedData(line, channel.files);
  return length <= limits.messageBytes ? undefined : `With the names of its missing files, it has ${length} bytes.`;
}
