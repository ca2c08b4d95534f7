import { type Pool, type PoolClient, snapshot } from '@parley/database';
import { limits } from '@parley/runtime';
import {
  type ChannelRow,
  findChangedMembers,
  findEnded,
  findStays,
  type InboxChange,
  type LogEnd,
  type LogPart,
  type MemberRow,
  type MembershipRow,
  type Moment,
  partParameters,
  readChannels,
  readEvents,
  readHeads,
  readLogs,
  readMembers,
  readMoment,
  readStays,
  type StoredLogEntry,
} from '../store/inbox-store.js';
import {
  type ChangeCursor,
  hasAllAfter,
  type MissedByReader,
  MissedReading,
  marginMs,
  type StartingReader,
  type Stays,
  type UserInChannel,
} from './missed.js';
import type { UnheardPart } from './unheard-members.js';

/** A member whose membership has changed. `hasMoved` says whether the receipt has, too. */
export interface DueMember extends UserInChannel {
  readonly hasMoved: boolean;
}

/** How far the rounds have read the changes, and the number of new logs at that time. */
export type RoundCursor = ChangeCursor & Pick<Moment, 'logsBegun'>;

/** The input of a round. */
export interface RoundRequest {
  /** Undefined in the first round. */
  readonly cursor: RoundCursor | undefined;
  /** Changes of earlier rounds that wait until no removal can follow any more. */
  readonly waitingChanges: readonly InboxChange[];
  readonly starting: readonly StartingReader[];
  /** Channels whose logs are compared with the table. */
  readonly due: readonly { readonly channelId: number; readonly log: string; readonly seq: number }[];
  /** Sessions of the open inboxes. */
  readonly sessionIds: readonly string[];
  /** Members whose receipts or memberships have changed. */
  readonly members: readonly DueMember[];
  /** Memberships that may have changed without a notification. */
  readonly unheard: UnheardPart;
  readonly hasReader: (userId: string) => boolean;
  readonly hasFeed: (channelId: number) => boolean;
}

/** Everything that a round has read, in one snapshot of the database. */
export interface RoundFacts {
  readonly moment: Moment;
  readonly cursor: RoundCursor;
  /**
   * Whether changes after the cursor of the request are lost, so that readers may have wrong data
   * about their chats.
   */
  readonly isCursorLost: boolean;
  /**
   * Changes to handle now. Removals come first, because the stay that a removal has ended precedes
   * any later stay. A removal that is not settled comes again in the next rounds.
   */
  readonly changes: readonly InboxChange[];
  /** Changes that must wait because there are more to read, among which removals may follow. */
  readonly waitingChanges: readonly InboxChange[];
  /** Whether there are more changes. */
  readonly hasMore: boolean;
  readonly stays: Stays;
  readonly ends: ReadonlyMap<number, LogEnd>;
  readonly channels: ReadonlyMap<number, ChannelRow>;
  /** New entries of due channels. */
  readonly entries: readonly StoredLogEntry[];
  /** Due channels that were read to their end. */
  readonly complete: ReadonlySet<number>;
  readonly missed: MissedByReader;
  /** The members of the request, and those that have changed without a notification, as they are now. */
  readonly members: readonly MemberRow[];
  readonly ended: readonly { readonly sessionId: string; readonly suspended: boolean }[];
}

const maxChanges = 1_000;
/** Maximum number of changes that wait. With more, all inboxes are reset. */
const maxWaitingChanges = 20_000;
/** Maximum entries and bytes of due channels in one round. The bytes must fit into a ring. */
const dueEntries = 2_000;
const dueBytes = 262_144;

/** How far a round has read the changes. */
type ChangeProgress = Pick<RoundFacts, 'cursor' | 'isCursorLost' | 'hasMore' | 'changes' | 'waitingChanges'>;

function isRemoval({ kind }: InboxChange): boolean {
  return kind === 'member_removed';
}

function staysOf(rows: readonly MembershipRow[]): Stays {
  const stays = new Map<string, Map<number, MembershipRow>>();
  for (const row of rows) {
    const ofUser = stays.get(row.userId) ?? new Map<number, MembershipRow>();
    stays.set(row.userId, ofUser.set(row.channelId, row));
  }
  return stays;
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
    if (moment === undefined) throw new Error('The database did not return the time of the snapshot.');
    const { changes, ...progress } = await this.#changes(moment);
    const missed = new MissedReading(this.#client, this.#request.starting, moment);
    const resumed = await missed.readChanges();
    const stays = await this.#stays(changes, resumed);
    const ends = await this.#ends(changes, stays);
    const { entries, complete } = await this.#entries(ends);
    const channels = await this.#channels([...changes, ...resumed]);
    return {
      moment,
      changes,
      ...progress,
      stays,
      ends,
      channels,
      entries,
      complete,
      missed: await missed.readEntries(stays, ends),
      members: await this.#members(moment),
      ended: await this.#ended(),
    };
  }

  async #changes(moment: Moment): Promise<ChangeProgress> {
    const { cursor: known, waitingChanges: earlier } = this.#request;
    const { txid, logsBegun } = moment;
    const end = { txid, id: 0, logsBegun };
    // In a database that lacks transactions, others have got their ids.
    const isLost = known !== undefined && (known.logsBegun !== logsBegun || !hasAllAfter(known, moment));
    const isCursorLost = isLost || earlier.length > maxWaitingChanges;
    if (known === undefined || isCursorLost)
      return { cursor: end, isCursorLost, hasMore: false, changes: [], waitingChanges: [] };
    const read = await readEvents.run(this.#client, { txid: known.txid, id: known.id, size: maxChanges });
    const last = read.at(-1);
    const hasMore = read.length === maxChanges && last?.isSettled === true;
    const removals = read.filter(isRemoval);
    const others = [...earlier, ...read.filter((change) => !isRemoval(change))];
    return {
      cursor: hasMore && last !== undefined ? { txid: last.txid, id: last.id, logsBegun } : end,
      isCursorLost,
      hasMore,
      changes: hasMore ? removals : [...removals, ...others],
      waitingChanges: hasMore ? others : [],
    };
  }

  async #stays(changes: readonly InboxChange[], resumed: readonly UserInChannel[]): Promise<Stays> {
    const { starting, hasReader } = this.#request;
    const userIds = [...new Set(starting.map(({ userId }) => userId))];
    const ofChanges = changes.flatMap(({ channelId, userIds: ids }) => {
      return ids.filter(hasReader).map((userId) => ({ userId, channelId }));
    });
    const own = userIds.length === 0 ? [] : await findStays.run(this.#client, { userIds });
    const pairs = [
      ...new Map([...ofChanges, ...resumed, ...own].map((pair) => [`${pair.channelId} ${pair.userId}`, pair])).values(),
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

  /** Reads the missing entries of the due channels, many channels in one statement. */
  async #entries(ends: ReadonlyMap<number, LogEnd>): Promise<Pick<RoundFacts, 'entries' | 'complete'>> {
    const { due } = this.#request;
    const parts = due.flatMap(({ channelId, log, seq }) => {
      const end = ends.get(channelId);
      const isBehind = end !== undefined && end.log === log && end.lastSeq > seq;
      return isBehind ? [{ channelId, afterSeq: seq, untilSeq: end.lastSeq }] : [];
    });
    const entries = await this.#readParts(parts);
    const isCut = entries.length === dueEntries || (entries.at(-1)?.totalBytes ?? 0) >= dueBytes;
    const cutFrom = isCut ? (entries.at(-1)?.part ?? 1) : parts.length + 1;
    const cut = new Set(parts.slice(cutFrom - 1).map(({ channelId }) => channelId));
    const complete = new Set(due.map(({ channelId }) => channelId).filter((id) => !cut.has(id)));
    return { entries, complete };
  }

  async #readParts(parts: readonly LogPart[]) {
    const limits = { size: dueEntries, bytes: dueBytes };
    return parts.length === 0 ? [] : readLogs.run(this.#client, { ...partParameters(parts), ...limits });
  }

  async #channels(changes: readonly Pick<InboxChange, 'channelId'>[]): Promise<ReadonlyMap<number, ChannelRow>> {
    const channelIds = [...new Set(changes.map(({ channelId }) => channelId))];
    const rows = channelIds.length === 0 ? [] : await readChannels.run(this.#client, { channelIds });
    return new Map(rows.map((row) => [row.id, row]));
  }

  async #members(moment: Moment): Promise<readonly MemberRow[]> {
    const members = [...this.#request.members, ...(await this.#unheard(moment))];
    if (members.length === 0) return [];
    return readMembers.run(this.#client, {
      channelIds: members.map(({ channelId }) => channelId),
      userIds: members.map(({ userId }) => userId),
      hasMoved: members.map(({ hasMoved }) => hasMoved),
      mostTold: limits.membersToldReceipts,
    });
  }

  /** Finds the members that have changed without a notification. */
  async #unheard({ now }: Moment): Promise<readonly DueMember[]> {
    const { feeds, sinceMs, channelIds, members } = this.#request.unheard;
    if (feeds.length === 0) return [];
    const missedMs = performance.now() - sinceMs;
    return findChangedMembers.run(this.#client, {
      channelIds,
      memberChannelIds: members.map(({ channelId }) => channelId),
      memberIds: members.map(({ userId }) => userId),
      sinceMs: Math.floor(now / 1_000 - missedMs) - marginMs,
      mostTold: limits.membersToldReceipts,
    });
  }

  async #ended() {
    const { sessionIds } = this.#request;
    return sessionIds.length === 0 ? [] : findEnded.run(this.#client, { sessionIds });
  }
}
