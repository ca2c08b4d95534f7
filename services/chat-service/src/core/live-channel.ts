import {
  Amendments,
  type ChannelRings,
  type EncodedMessage,
  type Flushable,
  type FlushQueue,
  LatestOfUsers,
  MessageRateLimiter,
  RingBuffer,
  SenderRateLimiters,
  SlowMode,
} from '@parley/fanout';
import type { ChannelBounds, ChannelFacts, ChannelSettings, LoadedChannel } from './channel-settings.js';
import { DedupeCache } from './dedupe-cache.js';
import type { LoadedMembers, SequencedEntry, SequencerOptions, ShownLog } from './sequenced-log.js';
import type { StoredUsage } from './usage.js';

/** A user as others in the channel see them. */
export interface Person {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** Least time between two typing indicators of one user, in milliseconds. */
const typingEveryMs = 1_000;

interface Occupant {
  readonly person: Person;
  readonly reader: Flushable | undefined;
}

/** A reader that is not a user in the channel: a relay, which passes the frames on. */
export interface ChannelFollower extends Flushable {
  /** Called once when another process owns the channel, or soon will. */
  onChannelEnd(why: 'moved' | 'draining'): void;
}

/** A channel while this process owns it: its rings, the users in it and its next seq. */
export class LiveChannel {
  readonly facts: ChannelFacts;
  settings: ChannelSettings;
  readonly rings: ChannelRings;
  readonly rateLimiter: MessageRateLimiter;
  readonly senders: SenderRateLimiters;
  readonly slowMode = new SlowMode();
  /** Typing indicators that are not shown yet. The value says whether the user has stopped. */
  readonly typing = new LatestOfUsers<boolean>(typingEveryMs);
  readonly sent: DedupeCache;
  /** Whether another server owns the channel or soon will. Sends are refused in that case. */
  moving = false;
  /** Totals of the stored entries, as the reconciler last read them. */
  stored: StoredUsage = { bytes: 0, rows: 0 };
  /** Shows entries that managers wrote, and reads members and settings again after a change. */
  sequencer: Sequencer | undefined;
  readonly #flushQueue: FlushQueue;
  readonly #flushBytes: number;
  /**
   * Unix ms of the time up to which everything that was committed is shown; 0: not known yet. Also
   * set for a channel without history, which commits nothing.
   */
  shownUntilMs = 0;
  readonly #occupants = new Map<string, Occupant>();
  /** Readers of the occupants, in a set of their own, because each flush visits all of them. */
  readonly #readers = new Set<Flushable>();
  readonly #followers = new Set<ChannelFollower>();
  readonly #seatsOf = new Map<string, number>();
  #unflushedBytes = 0;
  readonly #amendments: Amendments;
  #firstSeq = 1;
  #lastSeq: number;
  #lastUsedMs: number;

  constructor(opening: LoadedChannel, bounds: ChannelBounds, flushQueue: FlushQueue, nowMs: number) {
    this.facts = opening.facts;
    this.settings = opening.settings;
    this.#lastSeq = opening.facts.lastSeq;
    this.rings = {
      entries: new RingBuffer(bounds.ringBytes, bounds.writeBytes, bounds.ringMemory),
      lossy: new RingBuffer(bounds.lossyRingBytes, bounds.writeBytes, bounds.ringMemory),
    };
    this.#amendments = new Amendments(this.rings.entries);
    this.rateLimiter = new MessageRateLimiter(bounds.rate);
    this.senders = new SenderRateLimiters(bounds.senderRate);
    this.sent = new DedupeCache(bounds.memory, opening.facts.hasHistory);
    this.#flushQueue = flushQueue;
    this.#flushBytes = bounds.ringBytes / 2;
    this.#lastUsedMs = nowMs;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Number of users in the channel. A user with two seats counts once. */
  get users(): number {
    return this.#seatsOf.size;
  }

  get seats(): number {
    return this.#occupants.size;
  }

  /**
   * Unix ms when the channel became empty; undefined while a user is in it. A channel without
   * history also stays while it has followers, because its log exists only in this process.
   */
  get emptySinceMs(): number | undefined {
    const isKept = this.#occupants.size > 0 || (this.#followers.size > 0 && !this.facts.hasHistory);
    return isKept ? undefined : this.#lastUsedMs;
  }

  /** Records that a user has sent a message. The user may not be in the channel. */
  use(nowMs: number): void {
    this.#lastUsedMs = Math.max(this.#lastUsedMs, nowMs);
  }

  /** Returns at most `most` of the users in the channel, each once. */
  people(most: number): Person[] {
    const found = new Map<string, Person>();
    for (const { person } of this.#occupants.values()) {
      if (found.size === most) break;
      found.set(person.id, person);
    }
    return [...found.values()];
  }

  isHere(userId: string): boolean {
    return this.#seatsOf.has(userId);
  }

  /** Shows the next entry to everyone. Its seq is the last one plus 1. */
  show(frame: EncodedMessage): void {
    const { amendment } = frame;
    if (amendment !== undefined) this.#amendments.apply(amendment, this.#cursorOf(amendment.target));
    this.#lastSeq += 1;
    this.#publish(frame);
  }

  /**
   * Hides all entries below this seq. Before that, readers that are ready get everything that is
   * queued for them.
   */
  trimTo(firstSeq: number): void {
    if (firstSeq <= this.#firstSeq) return;
    this.#firstSeq = firstSeq;
    this.flush();
    this.rings.entries.dropBefore(this.#cursorOf(firstSeq));
    this.#amendments.withdrawBelow(firstSeq);
  }

  /** Bytes that the rings of the channel hold. */
  get ringBytes(): number {
    return this.rings.entries.memoryBytes + this.rings.lossy.memoryBytes;
  }

  /**
   * Shrinks the rings to this number of bytes. Before that, readers that are ready get everything
   * that is queued for them.
   */
  shrinkRings(maxBytes: number): void {
    this.flush();
    const { entries, lossy } = this.rings;
    entries.shrinkTo(Math.max(0, maxBytes - lossy.memoryBytes));
    lossy.shrinkTo(Math.max(0, maxBytes - entries.memoryBytes));
  }

  /**
   * Releases the memory that is counted for the channel. Remaining readers keep their position
   * until their streams end.
   */
  end(): void {
    this.sent.end();
    for (const ring of [this.rings.entries, this.rings.lossy]) ring.release();
    this.dismissFollowers('moved');
  }

  dismissFollowers(why: 'moved' | 'draining'): void {
    const dismissed = [...this.#followers];
    this.#followers.clear();
    for (const follower of dismissed) follower.onChannelEnd(why);
  }

  #cursorOf(seq: number): number {
    return this.rings.entries.head - (this.#lastSeq - seq) - 1;
  }

  /**
   * Returns the cursor at which a reader that has seen `seq` continues. Returns undefined if the
   * ring no longer has the next entry, or does not have `seq` yet.
   */
  cursorAfter(seq: number): number | undefined {
    const cursor = this.#cursorOf(seq + 1);
    if (seq + 1 < this.#firstSeq) return undefined;
    return seq > this.#lastSeq || cursor < this.rings.entries.tail ? undefined : cursor;
  }

  addFollower(follower: ChannelFollower): void {
    this.#followers.add(follower);
  }

  removeFollower(follower: ChannelFollower, nowMs: number): void {
    if (this.#followers.delete(follower)) this.use(nowMs);
  }

  /**
   * Adds a seat. Also adds its reader, unless a follower reads for the seat. Returns whether it is
   * the user's first seat in the channel.
   */
  enter(seat: string, person: Person, reader?: Flushable): boolean {
    const seats = this.#seatsOf.get(person.id) ?? 0;
    this.#occupants.set(seat, { person, reader });
    if (reader !== undefined) this.#readers.add(reader);
    this.#seatsOf.set(person.id, seats + 1);
    return seats === 0;
  }

  /** Removes a seat. Returns whether it was the user's last seat in the channel. */
  leave(seat: string, nowMs: number): boolean {
    const occupant = this.#occupants.get(seat);
    if (occupant === undefined) return false;
    this.#occupants.delete(seat);
    if (occupant.reader !== undefined) this.#readers.delete(occupant.reader);
    const seats = (this.#seatsOf.get(occupant.person.id) ?? 1) - 1;
    if (seats > 0) this.#seatsOf.set(occupant.person.id, seats);
    else this.#forget(occupant.person.id);
    this.use(nowMs);
    return seats === 0;
  }

  #forget(userId: string): void {
    this.#seatsOf.delete(userId);
    this.forgetSender(userId);
  }

  /** Forgets the rates of a user who is not here and sends no more. */
  forgetSender(userId: string): void {
    if (this.isHere(userId)) return;
    this.senders.forget(userId);
    this.typing.forget(userId);
  }

  /**
   * Puts a frame into the ring. Flushes early if the ring could otherwise drop frames before a
   * ready reader gets them.
   */
  #publish(frame: EncodedMessage): void {
    this.rings.entries.push(frame);
    this.#unflushedBytes += frame.bytes.length;
    if (this.#unflushedBytes > this.#flushBytes) this.flush();
    else this.#flushQueue.add(this);
  }

  /** Sends a frame to the readers that are ready now. */
  publishLossy(frame: EncodedMessage): void {
    this.rings.lossy.push(frame);
    this.#flushQueue.add(this);
  }

  flush(): void {
    this.#unflushedBytes = 0;
    for (const reader of this.#readers) reader.flush();
    for (const follower of this.#followers) follower.flush();
  }
}

interface Ahead {
  readonly entry: SequencedEntry;
  readonly revision: number;
}

const retryMs = 200;

/**
 * Shows the entries of a channel in the order of their seq. The table is authoritative: before the
 * sequencer shows an entry, it reads everything that other processes wrote before it, and loads the
 * members if they have changed.
 */
export class Sequencer {
  readonly #log: ShownLog;
  readonly #options: SequencerOptions;
  /** Entries that this process has committed and that wait for earlier entries, by seq. */
  readonly #ahead = new Map<number, Ahead>();
  #loaded: LoadedMembers;
  readonly #wanted: { seq: number; revision: number };
  #isCatchingUp = false;
  #isLoading = false;
  /**
   * True from the moment a change of members is shown until they are loaded. Nothing may be shown
   * meanwhile.
   */
  #areMembersOld = false;
  #caughtUp: (() => void)[] = [];

  constructor(log: ShownLog, options: SequencerOptions, revision: number) {
    this.#log = log;
    this.#options = options;
    this.#loaded = { revision, partAfter: Number.POSITIVE_INFINITY };
    this.#wanted = { seq: log.lastSeq, revision };
  }

  /** Adds an entry that this process committed, with the revision at the commit. */
  take(entry: SequencedEntry, revision: number): void {
    if (entry.seq <= this.#log.lastSeq) {
      this.expect(entry.seq, revision);
    } else if (!this.#isCatchingUp && entry.seq === this.#log.lastSeq + 1 && this.#mayShow(entry.seq, revision)) {
      this.#log.show(entry.frame);
    } else {
      this.#ahead.set(entry.seq, { entry, revision });
      this.expect(entry.seq, revision);
    }
  }

  /**
   * Records that the table has entries up to `seq` and that members and settings have this
   * revision. Shows missing entries.
   */
  expect(seq: number, revision: number): void {
    this.#wanted.seq = Math.max(this.#wanted.seq, seq);
    this.#wanted.revision = Math.max(this.#wanted.revision, revision);
    if (this.#isCatchingUp || !this.#isBehind()) return;
    this.#isCatchingUp = true;
    void this.#catchUp();
  }

  /**
   * Returns whether this revision is still current. Returns false while members and settings are
   * being loaded.
   */
  isCurrent(revision: number): boolean {
    return (
      !this.#isLoading && !this.#areMembersOld && revision >= Math.max(this.#loaded.revision, this.#wanted.revision)
    );
  }

  #mayShow(seq: number, revision: number): boolean {
    return revision <= this.#loaded.revision && seq <= this.#loaded.partAfter;
  }

  #isBehind(): boolean {
    const areMembersBehind = this.#areMembersOld || this.#wanted.revision > this.#loaded.revision;
    return areMembersBehind || this.#wanted.seq > this.#log.lastSeq;
  }

  async #catchUp(): Promise<void> {
    while (this.#isBehind()) {
      try {
        await this.#step();
      } catch (cause) {
        this.#options.onDoubt(cause);
        await this.#options.pause(retryMs);
      }
    }
    this.#isCatchingUp = false;
    for (const resolve of this.#caughtUp.splice(0)) resolve();
  }

  /** Resolves when all expected entries are shown and the members are loaded. */
  caughtUp(): Promise<void> {
    if (!this.#isCatchingUp) return Promise.resolve();
    return new Promise((resolve) => this.#caughtUp.push(resolve));
  }

  async #step(): Promise<void> {
    if (this.#areMembersOld) return this.#reload();
    const next = this.#ahead.get(this.#log.lastSeq + 1);
    if (next !== undefined) await this.#showOne(next.entry, next.revision);
    else if (this.#wanted.seq > this.#log.lastSeq) await this.#readOn();
    else await this.#reload();
  }

  async #readOn(): Promise<void> {
    const entries = await this.#options.readAfter(this.#log.lastSeq);
    if (entries.length === 0) this.#wanted.seq = this.#log.lastSeq; // The channel has a new log; the reconciler ends the streams.
    for (const entry of entries) await this.#showOne(entry, this.#wanted.revision);
  }

  async #showOne(entry: SequencedEntry, revision: number): Promise<void> {
    this.#ahead.delete(entry.seq);
    if (!this.#mayShow(entry.seq, revision)) await this.#reload(revision);
    this.#log.show(entry.frame);
    this.#areMembersOld = entry.changesMembers;
    if (this.#areMembersOld) await this.#reload();
  }

  /**
   * Loads members and settings. The result counts as revision `atLeast`, even if it was read before
   * the commit that reported that revision.
   */
  async #reload(atLeast = this.#wanted.revision): Promise<void> {
    this.#isLoading = true;
    try {
      const { revision, partAfter } = await this.#options.reload();
      this.#loaded = { revision: Math.max(revision, atLeast), partAfter };
      this.#areMembersOld = false;
    } finally {
      this.#isLoading = false;
    }
  }
}
