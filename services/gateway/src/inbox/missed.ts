import type { PoolClient } from '@parley/database';
import {
  findChangeFloor,
  findRecent,
  type LogEnd,
  type LogPart,
  type MembershipRow,
  type MissedEntry,
  type Moment,
  partParameters,
  type ReaderChange,
  readChangesOf,
  readMissed,
  type StoredLogEntry,
} from '../store/inbox-store.js';
import type { ShownReceipt } from './event-frames.js';
import { readMissedReceipts } from './missed-receipts.js';
import type { InboxPosition, LogPlace } from './position.js';

/** Position among the changes. All changes up to it were handled. */
export interface ChangeCursor {
  readonly txid: number;
  readonly id: number;
}

/** A reader that starts, with the position to resume from, if it has one. */
export interface StartingReader {
  readonly userId: string;
  readonly position: InboxPosition | undefined;
  /** Last entries that the client has, by channel, from its position and from its request. */
  readonly seen: ReadonlyMap<number, Omit<LogPlace, 'channelId'>>;
}

/** Changes and entries that a starting reader missed since its position. */
export interface Missed {
  /** Whether events were lost, so that the reader cannot resume from its position. */
  readonly isLost: boolean;
  readonly changes: readonly ReaderChange[];
  readonly parts: readonly (LogPart & { readonly entries: readonly StoredLogEntry[] })[];
  /**
   * Receipts that have moved: the receipts of the reader, and in small chats the receipts of
   * others.
   */
  readonly receipts: readonly ShownReceipt[];
}

/**
 * The changes and entries that starting readers missed. A reader that is absent waits for another
 * round.
 */
export type MissedByReader = ReadonlyMap<StartingReader, Missed>;

/** Memberships by user and channel. */
export type Stays = ReadonlyMap<string, ReadonlyMap<number, MembershipRow>>;

/** A user and one of their chats. */
export interface UserInChannel {
  readonly userId: string;
  readonly channelId: number;
}

/** Maximum age of a position. */
const resumeMicros = 600_000_000;
/** Limits of one resume: chats with changes, missed entries, and their bytes. */
const resumeChanges = 1_000;
const resumeEntries = 1_000;
const resumeBytes = 1_048_576;
/** Limits of all resumes of one round: changes that are searched, missed entries, and their bytes. */
const roundChanges = 20_000;
const roundEntries = 10_000;
const roundBytes = 8_388_608;
/** Maximum delay between the time of an entry or a receipt and its commit. */
export const marginMs = 10_000;

/** Returns the time, Unix ms, after which a reader at a position may have missed something. */
export function sinceMsOf({ at }: Pick<InboxPosition, 'at'>): number {
  return Math.floor(at / 1_000) - marginMs;
}

const nothingMissed: Missed = { isLost: false, changes: [], parts: [], receipts: [] };
const lost: Missed = { ...nothingMissed, isLost: true };

/** A position from which no reader can resume. A reader with this position gets a reset. */
export const lostPosition: InboxPosition = { txid: 0, eventId: 0, at: 0, life: 0, userNumber: 0, places: [] };

type ResumingReader = StartingReader & { readonly position: InboxPosition };

/** A part of a log that a reader missed. */
interface MissedPart extends LogPart {
  readonly of: ResumingReader;
}

/** A part of a log of which only the entries after a time were missed. */
interface RecentPart extends MissedPart {
  readonly sinceMs: number;
}

/** A part of a log with the number of its reader in the statement. */
interface NumberedPart extends MissedPart {
  readonly reader: number;
}

/** Returns whether a position can be resumed from at this moment. */
function isResumable({ txid, eventId, at, life }: InboxPosition, moment: Moment): boolean {
  const isInTime = at <= moment.now && at >= moment.now - resumeMicros;
  return life === moment.life && isInTime && hasAllAfter({ txid, id: eventId }, moment);
}

function isBefore(one: ChangeCursor, other: ChangeCursor): boolean {
  return one.txid < other.txid || (one.txid === other.txid && one.id < other.id);
}

/**
 * Returns whether every change after a cursor is still stored. A cursor that lies in the future has
 * lost changes.
 */
export function hasAllAfter(cursor: ChangeCursor, { txid, floorTxid, floorId }: Moment): boolean {
  return cursor.txid <= txid && !isBefore(cursor, { txid: floorTxid, id: floorId });
}

function cursorOf({ position: { txid, eventId } }: ResumingReader): ChangeCursor {
  return { txid, id: eventId };
}

function countOf(parts: readonly LogPart[]): number {
  return parts.reduce((sum, { afterSeq, untilSeq }) => sum + untilSeq - afterSeq, 0);
}

function isResuming(one: StartingReader): one is ResumingReader {
  return one.position !== undefined;
}

/**
 * Reads what starting readers missed. Each of its statements is for all readers at once, with limits
 * for each reader, so that the number of statements grows neither with readers nor with chats.
 */
export class MissedReading {
  readonly #client: PoolClient;
  readonly #missed = new Map<StartingReader, Missed>();
  /** Readers that can resume, as far as is known. */
  #resuming: readonly ResumingReader[];
  readonly #changes = new Map<ResumingReader, ReaderChange[]>();

  constructor(client: PoolClient, starting: readonly StartingReader[], moment: Moment) {
    this.#client = client;
    for (const one of starting) if (!isResuming(one)) this.#missed.set(one, nothingMissed);
    this.#resuming = starting.filter(isResuming);
    this.#lose(({ position }) => !isResumable(position, moment));
  }

  /** Reads what changed in the chats of the readers. Returns the pairs of users and chats. */
  async readChanges(): Promise<readonly UserInChannel[]> {
    const [oldest] = this.#resuming.map(cursorOf).toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
    if (oldest === undefined) return [];
    const [floor] = await findChangeFloor.run(this.#client, { ...oldest, size: roundChanges });
    if (floor !== undefined) this.#lose((reader) => isBefore(cursorOf(reader), floor));
    const readers = this.#resuming;
    const rows = await readChangesOf.run(this.#client, {
      userIds: readers.map(({ userId }) => userId),
      txids: readers.map(({ position }) => position.txid),
      ids: readers.map(({ position }) => position.eventId),
    });
    for (const row of rows) {
      const reader = readers[row.reader - 1] as ResumingReader;
      this.#changes.set(reader, [...(this.#changes.get(reader) ?? []), row]);
    }
    this.#lose((reader) => this.#changesOf(reader).length > resumeChanges);
    return this.#resuming.flatMap((reader) =>
      this.#changesOf(reader).map(({ channelId }) => ({ userId: reader.userId, channelId })),
    );
  }

  /** Reads the missed entries. Leaves out readers for which this round has no room. */
  async readEntries(stays: Stays, ends: ReadonlyMap<number, LogEnd>): Promise<MissedByReader> {
    const wanted: MissedPart[] = [];
    const recent: RecentPart[] = [];
    for (const of of this.#resuming) {
      const parts = partsMissed(of, this.#changesOf(of), stays.get(of.userId) ?? new Map(), ends);
      if (parts === undefined) this.#missed.set(of, lost);
      wanted.push(...(parts?.wanted ?? []));
      recent.push(...(parts?.recent ?? []));
    }
    this.#lose((reader) => this.#missed.has(reader));
    wanted.push(...(await this.#recentParts(recent)));
    await this.#readParts(wanted.filter(({ fromSeq, afterSeq, untilSeq }) => (fromSeq ?? afterSeq) < untilSeq));
    await this.#readReceipts(stays, ends);
    return this.#missed;
  }

  /** Adds the receipts of the readers that have all entries. */
  async #readReceipts(stays: Stays, ends: ReadonlyMap<number, LogEnd>): Promise<void> {
    const served = this.#resuming.filter((reader) => this.#missed.has(reader));
    const readers = served.map(({ userId, position }) => {
      const chats = [...(stays.get(userId)?.values() ?? [])];
      return { userId, sinceMs: sinceMsOf(position), chats };
    });
    const receipts = await readMissedReceipts(this.#client, readers, ends);
    for (const [at, reader] of served.entries())
      this.#missed.set(reader, { ...(this.#missed.get(reader) ?? nothingMissed), receipts: receipts[at] ?? [] });
  }

  #changesOf(reader: ResumingReader): readonly ReaderChange[] {
    return this.#changes.get(reader) ?? [];
  }

  /** Resets the readers that exceed a limit. All others still resume. */
  #lose(isOver: (reader: ResumingReader) => boolean): void {
    for (const reader of this.#resuming) if (isOver(reader)) this.#missed.set(reader, lost);
    this.#resuming = this.#resuming.filter((reader) => !this.#missed.has(reader));
  }

  async #recentParts(parts: readonly RecentPart[]): Promise<MissedPart[]> {
    if (parts.length === 0) return [];
    const sinceMs = parts.map((part) => part.sinceMs);
    const found = await findRecent.run(this.#client, {
      ...partParameters(parts),
      sinceMs,
      maxEntries: resumeEntries + 1,
    });
    return found.map(({ part, afterSeq, fromSeq }) => ({ ...(parts[part - 1] as RecentPart), afterSeq, fromSeq }));
  }

  /** Reads parts of logs, of as many readers as this round has room for. */
  async #readParts(wanted: readonly MissedPart[]): Promise<void> {
    const partsOf = new Map<ResumingReader, MissedPart[]>(this.#resuming.map((reader) => [reader, []]));
    for (const part of wanted) partsOf.get(part.of)?.push(part);
    const countMissed = (reader: ResumingReader) => countOf(partsOf.get(reader) ?? []);
    this.#lose((reader) => countMissed(reader) > resumeEntries);
    let room = roundEntries;
    const readers = this.#resuming.filter((reader) => {
      room -= countMissed(reader);
      return room >= 0;
    });
    const parts = readers.flatMap((reader, at) => (partsOf.get(reader) ?? []).map((part) => ({ ...part, reader: at })));
    const entries = parts.length === 0 ? [] : await this.#entriesOf(parts);
    this.#share(readers, parts, entries);
  }

  #entriesOf(parts: readonly NumberedPart[]): Promise<readonly MissedEntry[]> {
    const readers = parts.map(({ reader }) => reader);
    return readMissed.run(this.#client, { ...partParameters(parts), readers, bytes: resumeBytes, roundBytes });
  }

  /**
   * Gives each reader its entries. If the statement was cut off, the reader at that point and all
   * later ones wait for another round.
   */
  #share(readers: readonly ResumingReader[], parts: readonly NumberedPart[], entries: readonly MissedEntry[]): void {
    const filled = parts.map((part) => ({ ...part, entries: [] as MissedEntry[], isFull: false }));
    for (const entry of entries) {
      const part = filled[entry.part - 1];
      part?.entries.push(entry);
      if (part !== undefined && entry.ownBytes >= resumeBytes) part.isFull = true;
    }
    const last = entries.at(-1);
    const isCut = last !== undefined && last.totalBytes >= roundBytes;
    const until = isCut ? (filled[last.part - 1]?.reader ?? 0) : readers.length;
    const ofReaders = readers.map((): typeof filled => []);
    for (const part of filled) ofReaders[part.reader]?.push(part);
    for (const [at, reader] of readers.entries()) {
      const own = ofReaders[at] ?? [];
      if (own.some(({ isFull }) => isFull)) this.#missed.set(reader, lost);
      else if (at < until) this.#missed.set(reader, { ...nothingMissed, changes: this.#changesOf(reader), parts: own });
    }
  }
}

/**
 * Returns the earlier stays of a user who has returned: those before the stay that begins after
 * `sinceSeq`.
 */
function earlierStays(change: ReaderChange | undefined, { log }: LogEnd, sinceSeq: number) {
  const stays = (change?.earlier ?? []).map((text) => text.split(' '));
  const ofLog = stays.filter(([of]) => of === log).map(([, after, until]) => [Number(after), Number(until)] as const);
  return ofLog.filter(([, until]) => until <= sinceSeq);
}

/**
 * Returns the parts of logs that a reader with this position may have missed. Returns undefined if
 * the client claims entries that do not exist.
 */
function partsMissed(
  of: ResumingReader,
  changes: readonly ReaderChange[],
  stays: ReadonlyMap<number, MembershipRow>,
  ends: ReadonlyMap<number, LogEnd>,
): { readonly wanted: MissedPart[]; readonly recent: RecentPart[] } | undefined {
  const [wanted, recent]: [MissedPart[], RecentPart[]] = [[], []];
  const sinceMs = sinceMsOf(of.position);
  const changed = new Map(changes.map((change) => [change.channelId, change]));
  for (const { channelId, leftSeq, sinceSeq, isDeleted } of stays.values()) {
    const end = ends.get(channelId);
    const change = changed.get(channelId);
    const isPresent = leftSeq === null || change !== undefined;
    const untilSeq = leftSeq ?? end?.lastSeq ?? 0;
    if (!isPresent || isDeleted || end === undefined || end.log === '' || untilSeq <= sinceSeq) continue;
    const place = of.seen.get(channelId);
    const isKnown = place !== undefined && end.log.startsWith(place.log);
    if (isKnown && place.seq > end.lastSeq) return undefined;
    const known = isKnown ? place.seq : 0;
    const add = (part: Omit<MissedPart, 'of' | 'channelId'>, isNew = false) => {
      const full = { of, channelId, ...part, afterSeq: Math.max(known, part.afterSeq) };
      if (isKnown || isNew) wanted.push(full);
      else if (end.lastAtMs >= sinceMs) recent.push({ ...full, sinceMs });
    };
    for (const [afterSeq, upTo] of earlierStays(change, end, sinceSeq))
      add({ afterSeq, untilSeq: upTo, isOfEarlierStay: true });
    add({ afterSeq: sinceSeq, untilSeq }, change?.isAdded);
  }
  return { wanted, recent };
}
