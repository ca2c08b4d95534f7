import { type Pool, type PoolClient, snapshot } from '@parley/database';
import {
  type ChannelRow,
  findEnded,
  findRecent,
  findStays,
  type InboxChange,
  type LogEnd,
  type LogPart,
  type MembershipRow,
  type Moment,
  partParameters,
  readChannels,
  readEvents,
  readHeads,
  readLogs,
  readMoment,
  readStays,
  type StoredLogEntry,
} from '../store/inbox-store.js';
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

/** The input of a round. */
export interface RoundRequest {
  /** Undefined in the first round. */
  readonly cursor: ChangeCursor | undefined;
  readonly starting: readonly StartingReader[];
  /** Channels whose logs are compared with the table. */
  readonly due: readonly { readonly channelId: number; readonly log: string; readonly seq: number }[];
  /** Sessions of the open inboxes. */
  readonly sessionIds: readonly string[];
  readonly hasReader: (userId: string) => boolean;
  readonly hasFeed: (channelId: number) => boolean;
}

/** Changes and entries that a starting reader missed since its position. */
export interface Missed {
  /** The position cannot be resumed from: events were lost. */
  readonly isLost: boolean;
  readonly changes: readonly InboxChange[];
  readonly parts: readonly (LogPart & { readonly entries: readonly StoredLogEntry[] })[];
}

/** Memberships by user and channel. */
export type Stays = ReadonlyMap<string, ReadonlyMap<number, MembershipRow>>;

/** Everything that a round has read, in one snapshot of the database. */
export interface RoundFacts {
  readonly moment: Moment;
  readonly cursor: ChangeCursor;
  readonly changes: readonly InboxChange[];
  /** Whether there are more changes. */
  readonly hasMore: boolean;
  readonly stays: Stays;
  readonly ends: ReadonlyMap<number, LogEnd>;
  readonly channels: ReadonlyMap<number, ChannelRow>;
  /** New entries of due channels. */
  readonly entries: readonly StoredLogEntry[];
  /** Due channels that were read to their end. */
  readonly complete: ReadonlySet<number>;
  readonly missed: ReadonlyMap<StartingReader, Missed>;
  readonly ended: readonly { readonly sessionId: string; readonly suspended: boolean }[];
}

const maxChanges = 1_000;
/** Maximum entries and bytes of due channels in one round. The bytes must fit into a ring. */
const dueEntries = 2_000;
const dueBytes = 262_144;
/** Limits of a resume: missed entries, their bytes, and the age of the position. */
const resumeEntries = 1_000;
const resumeBytes = 1_048_576;
const resumeMicros = 600_000_000;
/** Maximum delay between the time of an entry and its commit. */
export const marginMs = 10_000;

const nothingMissed: Missed = { isLost: false, changes: [], parts: [] };
const lost: Missed = { ...nothingMissed, isLost: true };

/** A part of a log that a starting reader missed. */
interface MissedPart extends LogPart {
  readonly of: StartingReader;
}

/** A part of a log of which only the entries after a time were missed. */
interface RecentPart extends MissedPart {
  readonly sinceMs: number;
}

function staysOf(rows: readonly MembershipRow[]): Stays {
  const stays = new Map<string, Map<number, MembershipRow>>();
  for (const row of rows) {
    const ofUser = stays.get(row.userId) ?? new Map<number, MembershipRow>();
    stays.set(row.userId, ofUser.set(row.channelId, row));
  }
  return stays;
}

/** Returns the changes after a position. */
function changesAfter(changes: readonly InboxChange[], { txid, eventId }: InboxPosition): readonly InboxChange[] {
  return changes.filter((one) => one.txid > txid || (one.txid === txid && one.id > eventId));
}

/** Reads one round. All its statements see the same snapshot of the database. */
export class RoundReader {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  read(request: RoundRequest): Promise<RoundFacts> {
    return snapshot(this.#pool, (client) => new RoundReading(client, request).read());
  }
}

class RoundReading {
  readonly #client: PoolClient;
  readonly #request: RoundRequest;

  constructor(client: PoolClient, request: RoundRequest) {
    this.#client = client;
    this.#request = request;
  }

  async read(): Promise<RoundFacts> {
    const [moment] = await readMoment.run(this.#client);
    if (moment === undefined) throw new Error('The database has no moment.');
    const cursor = this.#request.cursor ?? { txid: moment.txid, id: 0 };
    const changes = await readEvents.run(this.#client, { ...cursor, size: maxChanges });
    const resumed = await this.#changesOfResumed(moment);
    const stays = await this.#stays([...changes, ...resumed]);
    const ends = await this.#ends(changes, stays);
    const { entries, complete } = await this.#entries(ends);
    const last = changes.at(-1);
    const hasMore = changes.length === maxChanges;
    return {
      moment,
      cursor: hasMore && last !== undefined ? { txid: last.txid, id: last.id } : { txid: moment.txid, id: 0 },
      changes,
      hasMore,
      stays,
      ends,
      channels: await this.#channels([...changes, ...resumed]),
      entries,
      complete,
      missed: await this.#missed(moment, resumed, stays, ends),
      ended: await this.#ended(),
    };
  }

  /** Returns whether a position can be resumed from at this moment. */
  #isResumable({ txid, at, life }: InboxPosition, moment: Moment): boolean {
    return life === moment.life && txid <= moment.txid && at <= moment.now && at >= moment.now - resumeMicros;
  }

  /** Reads the changes since the oldest position, for all starting readers at once. */
  async #changesOfResumed(moment: Moment): Promise<readonly InboxChange[]> {
    const positions = this.#request.starting.flatMap(({ position }) =>
      position !== undefined && this.#isResumable(position, moment) ? [position] : [],
    );
    const [oldest] = positions.toSorted((one, other) => one.txid - other.txid || one.eventId - other.eventId);
    if (oldest === undefined) return [];
    return readEvents.run(this.#client, { txid: oldest.txid, id: oldest.eventId, size: maxChanges });
  }

  async #stays(changes: readonly InboxChange[]): Promise<Stays> {
    const { starting, hasReader } = this.#request;
    const userIds = [...new Set(starting.map(({ userId }) => userId))];
    const isWanted = (userId: string) => userIds.includes(userId) || hasReader(userId);
    const ofChanges = changes.flatMap(({ kind, channelId, userIds: ids }) => {
      const concerned = kind === 'chat_deleted' ? userIds : ids.filter(isWanted);
      return concerned.map((userId) => ({ userId, channelId }));
    });
    const own = userIds.length === 0 ? [] : await findStays.run(this.#client, { userIds });
    const pairs = [
      ...new Map([...ofChanges, ...own].map((pair) => [`${pair.channelId} ${pair.userId}`, pair])).values(),
    ];
    if (pairs.length === 0) return staysOf([]);
    const rows = await readStays.run(this.#client, {
      userIds: pairs.map(({ userId }) => userId),
      channelIds: pairs.map(({ channelId }) => channelId),
    });
    return staysOf(rows);
  }

  async #ends(changes: readonly InboxChange[], stays: Stays): Promise<ReadonlyMap<number, LogEnd>> {
    const { due, hasFeed } = this.#request;
    const ofChanges = changes.map(({ channelId }) => channelId).filter(hasFeed);
    const ofStays = [...stays.values()].flatMap((ofUser) => [...ofUser.keys()]);
    const channelIds = [...new Set([...due.map(({ channelId }) => channelId), ...ofChanges, ...ofStays])];
    const ends = channelIds.length === 0 ? [] : await readHeads.run(this.#client, { channelIds });
    return new Map(ends.map((end) => [end.channelId, end]));
  }

  /** Reads what the due channels lack, many channels in one statement. */
  async #entries(ends: ReadonlyMap<number, LogEnd>): Promise<Pick<RoundFacts, 'entries' | 'complete'>> {
    const { due } = this.#request;
    const parts = due.flatMap(({ channelId, log, seq }) => {
      const end = ends.get(channelId);
      const isBehind = end !== undefined && end.log === log && end.lastSeq > seq;
      return isBehind ? [{ channelId, afterSeq: seq, untilSeq: end.lastSeq }] : [];
    });
    const entries = await this.#readParts(parts, dueEntries, dueBytes);
    const isCut = entries.length === dueEntries || isFull(entries, dueBytes);
    const cutFrom = isCut ? (entries.at(-1)?.part ?? 1) : parts.length + 1;
    const cut = new Set(parts.slice(cutFrom - 1).map(({ channelId }) => channelId));
    const complete = new Set(due.map(({ channelId }) => channelId).filter((id) => !cut.has(id)));
    return { entries, complete };
  }

  async #readParts(parts: readonly LogPart[], size: number, bytes: number): Promise<readonly StoredLogEntry[]> {
    return parts.length === 0 ? [] : readLogs.run(this.#client, { ...partParameters(parts), size, bytes });
  }

  async #channels(changes: readonly InboxChange[]): Promise<ReadonlyMap<number, ChannelRow>> {
    const channelIds = [...new Set(changes.map(({ channelId }) => channelId))];
    const rows = channelIds.length === 0 ? [] : await readChannels.run(this.#client, { channelIds });
    return new Map(rows.map((row) => [row.id, row]));
  }

  async #ended() {
    const { sessionIds } = this.#request;
    return sessionIds.length === 0 ? [] : findEnded.run(this.#client, { sessionIds });
  }

  /**
   * Reads what each starting reader missed. The entries are read for one reader after the other.
   */
  async #missed(
    moment: Moment,
    changes: readonly InboxChange[],
    stays: Stays,
    ends: ReadonlyMap<number, LogEnd>,
  ): Promise<ReadonlyMap<StartingReader, Missed>> {
    const missed = new Map<StartingReader, Missed>();
    const [wanted, recent]: [MissedPart[], RecentPart[]] = [[], []];
    for (const of of this.#request.starting) {
      const { position, userId } = of;
      if (position === undefined) missed.set(of, nothingMissed);
      else if (!this.#isResumable(position, moment) || changes.length === maxChanges) missed.set(of, lost);
      else {
        const own = changesAfter(changes, position);
        const parts = partsMissed(of, position, own, stays.get(userId) ?? new Map(), ends);
        missed.set(of, parts === undefined ? lost : { ...nothingMissed, changes: own });
        wanted.push(...(parts?.wanted ?? []));
        recent.push(...(parts?.recent ?? []));
      }
    }
    wanted.push(...(await this.#recentParts(recent)));
    return this.#withEntries(
      missed,
      wanted.filter(({ fromSeq, afterSeq, untilSeq }) => (fromSeq ?? afterSeq) < untilSeq),
    );
  }

  async #recentParts<Part extends LogPart & { readonly sinceMs: number }>(parts: readonly Part[]): Promise<Part[]> {
    if (parts.length === 0) return [];
    const sinceMs = parts.map((part) => part.sinceMs);
    const found = await findRecent.run(this.#client, {
      ...partParameters(parts),
      sinceMs,
      maxEntries: resumeEntries + 1,
    });
    return found.map(({ part, afterSeq, fromSeq }) => ({ ...(parts[part - 1] as Part), afterSeq, fromSeq }));
  }

  async #withEntries(
    missed: Map<StartingReader, Missed>,
    wanted: readonly MissedPart[],
  ): Promise<ReadonlyMap<StartingReader, Missed>> {
    for (const [of, what] of missed) {
      const parts = wanted.filter((part) => part.of === of);
      const count = parts.reduce((sum, { afterSeq, untilSeq }) => sum + untilSeq - afterSeq, 0);
      if (what.isLost || parts.length === 0) continue;
      if (count > resumeEntries) missed.set(of, lost);
      else missed.set(of, await this.#withParts(what, parts));
    }
    return missed;
  }

  async #withParts(what: Missed, parts: readonly LogPart[]): Promise<Missed> {
    const entries = await this.#readParts(parts, resumeEntries, resumeBytes);
    if (isFull(entries, resumeBytes)) return lost;
    const of = (at: number) => entries.filter(({ part }) => part === at + 1);
    return { ...what, parts: parts.map((part, at) => ({ ...part, entries: of(at) })) };
  }
}

/** Returns whether the entries use up `bytes`, so that others may have been left out. */
function isFull(entries: readonly StoredLogEntry[], bytes: number): boolean {
  return (entries.at(-1)?.totalBytes ?? 0) >= bytes;
}

/**
 * Returns the parts of logs that a reader with this position may have missed, or undefined if the
 * client has entries that do not exist.
 */
function partsMissed(
  of: StartingReader,
  { at }: InboxPosition,
  changes: readonly InboxChange[],
  stays: ReadonlyMap<number, MembershipRow>,
  ends: ReadonlyMap<number, LogEnd>,
): { readonly wanted: MissedPart[]; readonly recent: RecentPart[] } | undefined {
  const [wanted, recent]: [MissedPart[], RecentPart[]] = [[], []];
  const additions = changes.filter(({ kind, userIds }) => kind === 'member_added' && userIds.includes(of.userId));
  const changed = new Set(changes.map(({ channelId }) => channelId));
  const joined = new Set(additions.map(({ channelId }) => channelId));
  for (const { channelId, leftSeq, sinceSeq, isDeleted } of stays.values()) {
    const end = ends.get(channelId);
    const isPresent = leftSeq === null || changed.has(channelId);
    const untilSeq = leftSeq ?? end?.lastSeq ?? 0;
    if (!isPresent || isDeleted || end === undefined || end.log === '' || untilSeq <= sinceSeq) continue;
    const place = of.seen.get(channelId);
    const isKnown = place !== undefined && end.log.startsWith(place.log);
    if (!isKnown && joined.has(channelId)) wanted.push({ of, channelId, untilSeq, afterSeq: sinceSeq });
    else if (!isKnown) {
      recent.push({ of, channelId, untilSeq, afterSeq: sinceSeq, sinceMs: Math.floor(at / 1_000) - marginMs });
    } else if (place.seq > end.lastSeq) return undefined;
    else wanted.push({ of, channelId, untilSeq, afterSeq: Math.max(place.seq, sinceSeq) });
  }
  return { wanted, recent };
}
