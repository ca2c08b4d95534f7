import type { WatchRequest } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import { type Logger, limits, MemoryBudget, type Metrics, outsideCalls, type Part, refuse } from '@parley/runtime';
import { addressKey, asRefusal, type UserCaller } from '@parley/service-kit';
import type { DrainedStreams } from '../background/gateway-drain.js';
import type { LogEnd } from '../store/inbox-store.js';
import { ChangeTeller } from './change-teller.js';
import { storedEntry } from './event-frames.js';
import type { Feed } from './feed.js';
import { Feeds } from './feeds.js';
import { InboxRoom } from './inbox-room.js';
import { lostPosition, sinceMsOf, type UserInChannel } from './missed.js';
import { decodePosition, encodePosition, shortLog } from './position.js';
import { InboxReader } from './reader.js';
import type { DueMember, RoundCursor, RoundFacts, RoundReader } from './round.js';
import { StartQueue, type WaitingReader } from './start-queue.js';
import { startReader } from './start-reader.js';
import type { InboxStream } from './stream.js';
import { UnheardMembers } from './unheard-members.js';
import { welcomeEvent } from './welcome-event.js';

/** Maximum number of chats that one request may name as seen. */
const maxSeen = 1_000;
/** Maximum length of a new log that is shown from its start. A longer log is shown from its end. */
const maxNewEntries = 1_000;
const tickEveryMs = 1_000;
/** Maximum number of changed members that wait for a round. The next resume shows any others. */
const maxMembers = 2_000;
/**
 * Delay before a round that a change causes, so that changes at nearly the same time share the
 * round.
 */
const soonMs = 50;

/** A device that opens its inbox. */
export interface InboxOpening {
  readonly me: UserCaller;
  readonly address: string;
  readonly stream: InboxStream;
  readonly watch: WatchRequest;
  /** Number of bytes after which the stream ends, so that the client resumes. */
  readonly mostBytes: number;
}

/**
 * The open inboxes of this process. Reads the database in rounds, each in one snapshot: changes,
 * memberships, new entries, and the chats of starting readers. Applies each round in one turn of
 * the event loop.
 */
export class Inbox implements Part, DrainedStreams {
  readonly feeds: Feeds;
  readonly #room: InboxRoom;
  readonly #rounds: RoundReader;
  readonly #log: Logger;
  readonly #readers = new Map<string, Set<InboxReader>>();
  readonly #unread = new MemoryBudget(limits.unreadBytes);
  readonly #feedQueue: FlushQueue;
  readonly #readerQueue: FlushQueue;
  readonly #timer: NodeJS.Timeout;
  /** When the last round was applied, by the clock of this process. */
  #appliedAtMs = performance.now();
  readonly #starts = new StartQueue();
  #cursor: RoundCursor | undefined;
  #waitingChanges: RoundFacts['waitingChanges'] = [];
  /** Members whom managers and other gateways have changed, by channel and user. */
  #members = new Map<string, DueMember>();
  readonly #unheard = new UnheardMembers();
  #isReading = false;
  #isWoken = false;
  /** Whether the next round also checks the sessions, as it does once a second. */
  #isTick = false;
  #isStopped = false;
  #refusesNew = false;
  #soonTimer: NodeJS.Timeout | undefined;

  /** `maxBytes` limits the memory that inboxes take. Beyond it, new ones are refused. */
  constructor(rounds: RoundReader, log: Logger, metrics: Metrics, maxBytes?: number) {
    this.#rounds = rounds;
    this.#log = log;
    const failed = (err: unknown) => log.error({ err }, 'write to inboxes failed');
    this.#feedQueue = new FlushQueue(setImmediate, failed);
    this.#readerQueue = new FlushQueue(queueMicrotask, failed);
    this.feeds = new Feeds(this.#feedQueue, () => this.wakeSoon());
    this.#room = new InboxRoom(this.feeds, metrics, maxBytes);
    this.#timer = setInterval(() => this.#tick(), tickEveryMs).unref();
    const roundAgeSeconds = () => (performance.now() - this.#appliedAtMs) / 1_000;
    metrics.gauge('parley_inbox_round_age_seconds', 'seconds since inboxes last read the database', roundAgeSeconds);
    metrics.gauge('parley_inbox_channels', 'channels that open inboxes follow', () => this.feeds.size);
    metrics.gauge(
      'parley_inbox_ring_bytes',
      'bytes of the latest entries of these channels',
      () => this.feeds.ringBytes,
    );
  }

  /**
   * Opens the inbox of a device. Its events begin after the next round.
   * @throws {Refusal} `invalid-position`, `too-many-inboxes`, `too-busy` or `draining`.
   */
  open({ me, address, stream, watch, mostBytes }: InboxOpening): InboxReader {
    const position = watch.after === '' ? undefined : decodePosition(watch.after, me.number);
    if (watch.seen.length > maxSeen) throw refuse('invalid-position');
    if (this.#refusesNew) throw refuse('draining');
    this.checkRoom();
    const forget = this.#room.enter(me.id, addressKey(address));
    const unread = this.#unread.open(
      () => [me.id],
      () => reader.fellBehind(),
    );
    const reader = new InboxReader({ me, stream, queue: this.#readerQueue, unread, mostBytes });
    stream.onClose(() => {
      forget();
      this.#close(reader);
    });
    const places = [...(position?.places ?? []), ...watch.seen.filter(({ log }) => log !== '')];
    const seen = new Map<number, { seq: number; log: string }>();
    for (const { channelId, seq, log } of places) {
      const known = seen.get(channelId);
      const isNewer = known === undefined || known.log !== shortLog(log) || known.seq < seq;
      if (isNewer) seen.set(channelId, { seq, log: shortLog(log) });
    }
    this.#starts.add({ userId: me.id, position, seen, reader });
    this.wake();
    return reader;
  }

  /** Refuses new inboxes from now on. */
  refuseNew(): void {
    this.#refusesNew = true;
  }

  /**
   * Checks that this process can open another inbox.
   * @throws {Refusal} `too-busy`
   */
  checkRoom(): void {
    this.#starts.check();
    this.#room.check();
  }

  /** All readers, including those that wait for a round. */
  get openStreams(): readonly InboxReader[] {
    return [...this.#all(), ...this.#starts.readers];
  }

  /** Users with an open inbox that has begun. */
  get users(): ReadonlySet<string> {
    return new Set(this.#readers.keys());
  }

  /** Number of inboxes that wait for a round. */
  get starting(): number {
    return this.#starts.size;
  }

  /** Number of open inboxes. */
  get size(): number {
    return this.#room.size;
  }

  /** Reads a round now, or right after the current one. */
  wake(): void {
    this.#isWoken = true;
    if (!this.#isReading && !this.#isStopped) void outsideCalls(() => this.#readRounds());
  }

  /** Schedules a round within 50 ms, because something may have changed. */
  wakeSoon(): void {
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = undefined;
      this.wake();
    }, soonMs).unref();
  }

  /** Shows a receipt that a manager or another gateway has moved. */
  showReceipt(member: UserInChannel): void {
    this.#readMember(member, true);
  }

  /** Shows what a user has set in their membership to the devices of that user. */
  showMembership(member: UserInChannel): void {
    this.#readMember(member, false);
  }

  /**
   * Shows the receipts and settings whose notifications may be lost, because none arrived for
   * `missedMs`.
   */
  showUnheard(missedMs: number): void {
    this.#unheard.add(this.feeds.followed, performance.now() - missedMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soonTimer);
    this.refuseNew();
    for (const reader of this.openStreams) reader.end(refuse('draining'));
  }

  #readMember({ channelId, userId }: UserInChannel, hasMoved: boolean): void {
    if (this.feeds.find(channelId)?.hasFollowers !== true || this.#members.size >= maxMembers) return;
    const key = `${channelId} ${userId}`;
    this.#members.set(key, { channelId, userId, hasMoved: hasMoved || this.#members.get(key)?.hasMoved === true });
    this.wakeSoon();
  }

  #close(reader: InboxReader): void {
    reader.close();
    this.#starts.forget(reader);
    const ofUser = this.#readers.get(reader.userId);
    ofUser?.delete(reader);
    if (ofUser?.size === 0) this.#readers.delete(reader.userId);
  }

  *#all(): Generator<InboxReader> {
    for (const ofUser of this.#readers.values()) yield* ofUser;
  }

  #tick(): void {
    this.feeds.tick(performance.now());
    this.#isTick = true;
    this.wake();
  }

  async #readRounds(): Promise<void> {
    this.#isReading = true;
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      await this.#readRound();
    }
    this.#isReading = false;
  }

  async #readRound(): Promise<void> {
    const starting = this.#starts.take();
    const due = this.feeds.takeDue(performance.now());
    const members = [...this.#members.values()];
    this.#members.clear();
    const unheard = this.#unheard.take();
    const isTick = this.#isTick;
    this.#isTick = false;
    try {
      const facts = await this.#rounds.read({
        cursor: this.#cursor,
        waitingChanges: this.#waitingChanges,
        starting,
        due: due.map(({ channelId, log, seq }) => ({ channelId, log, seq })),
        sessionIds: isTick ? [...this.#all()].map(({ me }) => me.sessionId) : [],
        members,
        unheard,
        hasReader: (userId) => this.#readers.has(userId),
        hasFeed: (channelId) => this.feeds.find(channelId) !== undefined,
      });
      this.#apply(facts, due);
      this.#appliedAtMs = performance.now();
    } catch (err) {
      this.#log.warn({ err }, 'round of the inbox failed; will retry');
      this.feeds.notCompared();
      for (const member of members) this.#readMember(member, member.hasMoved);
      this.#unheard.add(unheard.feeds, unheard.sinceMs);
      this.#starts.fail(asRefusal(err));
      this.#isWoken = false; // The next round begins with the next tick.
    }
    this.#starts.endRound();
  }

  /**
   * Applies a round in one turn. New logs come first, because all seqs of the round belong to them,
   * and then entries, because the later steps check the removals in them.
   */
  #apply(facts: RoundFacts, due: readonly Feed[]): void {
    const nowMs = performance.now();
    if (facts.isCursorLost) this.#startAgain();
    const restarted = new Set([...facts.ends.values()].filter((end) => this.#noteEnd(end)));
    this.#showEntries(facts);
    for (const feed of due) this.#catchUp(feed, facts, restarted, nowMs);
    new ChangeTeller(this.feeds, facts).tellAll((userId) => this.#readers.get(userId) ?? []);
    this.#cursor = facts.cursor;
    this.#waitingChanges = facts.waitingChanges;
    this.#isWoken ||= facts.hasMore;
    for (const one of this.#starts.succeed((one) => facts.missed.has(one))) this.#startOrRefuse(one, facts);
    this.#isWoken ||= this.#starts.hasMore;
    for (const member of facts.members) this.feeds.showMember(member);
    this.#endSessions(facts);
    for (const reader of this.#all()) reader.ping(nowMs, (one) => this.#positionOf(one, facts));
  }

  #showEntries({ entries }: RoundFacts): void {
    for (const row of entries) {
      const feed = this.feeds.find(row.channelId);
      if (feed === undefined || row.seq <= feed.seq) continue;
      feed.skipTo(row.seq - 1);
      feed.offer(feed.log, storedEntry(row));
    }
  }

  /** Notes the state of a channel in its feed. Starts another log if the channel has one. */
  #noteEnd(end: LogEnd): boolean {
    const feed = this.feeds.find(end.channelId);
    if (feed === undefined) return false;
    feed.ownerId = end.ownerId;
    feed.members = end.members;
    if (end.ownerId !== feed.onlyOwnerId) feed.onlyOwnerId = null;
    feed.isStored = end.log !== '';
    if (!feed.isStored || end.log === feed.log) return false;
    // The feed reads the new log from its start, because its entries may remove readers. A long log
    // becomes a gap.
    feed.restart({ ...end, lastSeq: 0 });
    if (end.lastSeq > maxNewEntries) feed.skipTo(end.lastSeq);
    this.feeds.compare(feed); // The relay may still show the earlier log.
    this.#isWoken = true;
    return true;
  }

  /**
   * Compares a feed with the end of its log: skips deleted entries, and notes the time up to which
   * all was shown.
   */
  #catchUp(feed: Feed, { ends, complete, moment }: RoundFacts, restarted: ReadonlySet<LogEnd>, nowMs: number): void {
    const end = ends.get(feed.channelId); // Absent if the channel was deleted.
    if (end !== undefined) {
      if (restarted.has(end) || !complete.has(feed.channelId)) {
        this.feeds.compare(feed);
        this.#isWoken = true;
        return;
      }
      feed.skipTo(end.lastSeq);
      feed.shownUntil = moment.now;
    }
    this.feeds.compared(feed, nowMs);
  }

  /** Starts all readers again, with a reset, because changes of their chats were lost. */
  #startAgain(): void {
    const all = [...this.#all()];
    this.#log.warn({ readers: all.length }, 'changes were lost; resetting all inboxes');
    this.#readers.clear();
    for (const reader of all) {
      reader.leaveAll();
      this.#starts.add({ userId: reader.userId, position: lostPosition, seen: new Map(), reader });
    }
    this.#isWoken = true;
  }

  /** The number of chats of a reader is known only now, so this checks the memory again. */
  #startOrRefuse(one: WaitingReader, facts: RoundFacts): void {
    if (this.#room.isFull) one.reader.end(refuse('too-busy'));
    else this.#start(one, facts);
  }

  #start(one: WaitingReader, facts: RoundFacts): void {
    const { reader, userId } = one;
    const ofUser = this.#readers.get(userId) ?? new Set();
    this.#readers.set(userId, ofUser.add(reader));
    reader.start(welcomeEvent(reader.me, facts));
    startReader(one, facts, (end: LogEnd) => this.feeds.open(end, facts.moment.now));
    reader.flush();
  }

  #endSessions({ ended }: RoundFacts): void {
    const reasons = new Map(ended.map(({ sessionId, suspended }) => [sessionId, suspended]));
    for (const reader of [...this.#all()]) {
      const suspended = reasons.get(reader.me.sessionId);
      if (suspended !== undefined) reader.end(refuse(suspended ? 'suspended' : 'logged-out'));
    }
  }

  /**
   * Returns undefined while changes wait, and if a chat that the user has just joined has not been
   * compared with the table yet.
   */
  #positionOf(reader: InboxReader, { moment, cursor, hasMore }: RoundFacts): string | undefined {
    const at = reader.shownUntil(moment.now);
    if (at === 0 || hasMore) return undefined;
    const places = reader.places(sinceMsOf({ at }));
    const { txid, id: eventId } = cursor;
    return encodePosition({ txid, eventId, at, life: moment.life, userNumber: reader.me.number, places });
  }
}
