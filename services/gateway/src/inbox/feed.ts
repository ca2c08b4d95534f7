import type { MemberChange } from '@parley/contract';
import { Amendments, type EncodedMessage, type Flushable, RingBuffer, type RingMemory } from '@parley/fanout';
import { limits } from '@parley/runtime';
import type { LogEnd } from '../store/inbox-store.js';
import type { FeedEntry } from './event-frames.js';

/** A reader of the feed. */
export interface Follower {
  readonly userId: string;
  /** Last seq before the current stay of the user. */
  readonly sinceSeq: number;
  /** Called when entries or lossy frames are ready. */
  wake(): void;
  /** Sends an event. */
  send(event: Uint8Array): void;
  /** Ends the stay at the entry with this seq: the user sees this entry, and nothing after it. */
  endAt(seq: number): void;
  /** Called when the entries `from` to `to` do not exist any more. */
  miss(from: number, to: number): void;
  /** Called when the channel has another log. */
  restart(): void;
}

/** The part of the inbox that a feed calls. */
export interface FeedListener {
  /** Called when a feed has something new. Flush it at the end of this turn. */
  ready(feed: Flushable): void;
  /** Called when users have joined the channel. Read their memberships soon. */
  joined(): void;
  /** Called with 1 for each new follower, and with -1 for each that has left. */
  followed(change: 1 | -1): void;
}

/**
 * Maximum number of entries that wait for earlier ones. Any others are read from the table later.
 */
const maxAhead = 500;
/** Time for which a removal is remembered. Every older snapshot has been applied by then. */
const removalMs = 60_000;

/**
 * One channel in this gateway: the seq of the last entry that was shown, a ring with the latest
 * entries, and the readers that follow them. Shows entries in the order of the log, even if they
 * arrive in another order.
 */
export class Feed implements Flushable {
  readonly channelId: number;
  readonly entries: RingBuffer;
  readonly lossy: RingBuffer;
  /** Time, by the clock of the database in microseconds, up to which everything was shown. */
  shownUntil: number;
  /** Chat server that owns the channel, live or not, as of the last read of the head. */
  ownerId: string | null;
  /** Whether the channel has history. Without it, only a relay knows its log and its entries. */
  isStored: boolean;
  /**
   * Chat server that has owned the channel ever since the feed began; null if none has. Without
   * history, the log of any other server begins later than the feed.
   */
  onlyOwnerId: string | null;
  /**
   * Whether a relay shows every new entry. Otherwise the channel is compared with the table again
   * and again.
   */
  isFollowed = false;
  /** Number of members, as of the last read of the head. */
  members: number;
  /** Unix ms of the last entry, by the clock of the database. */
  lastAtMs: number;
  /** Time when the feed last had a reader, by the clock of this process. */
  usedAtMs = performance.now();
  /** Time when the followers were last woken for entries or lossy frames, by the clock of this process. */
  changedAtMs = performance.now();
  readonly #listener: FeedListener;
  /** The followers, in no particular order. An array takes a third of the memory of a set. */
  readonly #follows: Follower[] = [];
  /** Removals by user: the seq of the entry, and the time when the feed noted it. */
  readonly #removals = new Map<string, { readonly seq: number; readonly atMs: number }>();
  readonly #amendments: Amendments;
  readonly #ahead = new Map<number, FeedEntry>();
  #unflushedBytes = 0;
  #log: string;
  #seq: number;
  #skippedTo = 0;

  /** Creates a feed that has shown everything up to this end of the log. */
  constructor(end: LogEnd, shownUntil: number, listener: FeedListener, memory: RingMemory) {
    this.channelId = end.channelId;
    this.#log = end.log;
    this.#seq = end.lastSeq;
    this.lastAtMs = end.lastAtMs;
    this.ownerId = end.ownerId;
    this.members = end.members;
    this.onlyOwnerId = end.ownerId;
    this.isStored = end.log !== '';
    this.shownUntil = shownUntil;
    this.#listener = listener;
    this.entries = new RingBuffer(limits.ringBytes, limits.writeBytes, memory);
    this.lossy = new RingBuffer(limits.lossyRingBytes, limits.writeBytes, memory);
    this.#amendments = new Amendments(this.entries);
  }

  /** Id of the log; empty in a channel without history until a relay has named it. */
  get log(): string {
    return this.#log;
  }

  /** Seq of the last entry that was shown. */
  get seq(): number {
    return this.#seq;
  }

  /** Last seq of the most recently skipped entries. Only later entries have cursors. */
  get skippedTo(): number {
    return this.#skippedTo;
  }

  /**
   * Returns the cursor after the entry with this seq. It lies beyond the head if the entry is not
   * shown yet.
   */
  cursorAfter(seq: number): number {
    return this.entries.head - (this.#seq - seq);
  }

  /** Returns the seq of the last entry before a cursor. */
  seqBefore(cursor: number): number {
    return this.#seq - (this.entries.head - cursor);
  }

  /**
   * Returns the seq of the entry that removed the user after `sinceSeq`, or undefined if none is
   * known.
   */
  removalAfter(userId: string, sinceSeq: number): number | undefined {
    const seq = this.#removals.get(userId)?.seq ?? 0;
    return seq > sinceSeq ? seq : undefined;
  }

  /**
   * Shows an entry if it is the next one. Returns false if entries are missing before it; it then
   * waits for them.
   */
  offer(log: string, entry: FeedEntry): boolean {
    if (log !== this.#log || entry.seq <= this.#seq) return true;
    if (entry.seq > this.#seq + 1) {
      if (this.#ahead.size < maxAhead) this.#ahead.set(entry.seq, entry);
      return false;
    }
    this.#show(entry);
    this.#showAhead();
    return true;
  }

  get hasFollowers(): boolean {
    return this.#follows.length > 0;
  }

  /** Users who follow the channel here. */
  get userIds(): ReadonlySet<string> {
    return new Set(this.#follows.map(({ userId }) => userId));
  }

  addFollower(follow: Follower): void {
    this.#follows.push(follow);
    this.#listener.followed(1);
  }

  removeFollower(follow: Follower): void {
    const at = this.#follows.indexOf(follow);
    const last = at < 0 ? undefined : this.#follows.pop();
    if (last === undefined) return;
    if (last !== follow) this.#follows[at] = last;
    this.#listener.followed(-1);
  }

  /** Ends the channel for everybody: it was deleted. */
  endAll(): void {
    for (const follow of [...this.#follows]) follow.endAt(this.#seq);
  }

  /** Shows a lossy frame, or an event such as a receipt or typing. */
  flash(frame: EncodedMessage): void {
    this.lossy.push(frame);
    this.#listener.ready(this);
  }

  /** Sends an event to every follower. */
  tellAll(event: Uint8Array): void {
    for (const follow of this.#follows) follow.send(event);
  }

  /** Sends an event to the followers of one user. */
  tellUser(userId: string, event: Uint8Array): void {
    for (const follow of this.#follows) if (follow.userId === userId) follow.send(event);
  }

  /**
   * Skips the entries up to `seq`, because they no longer exist. Tells every follower which entries
   * it skipped.
   */
  skipTo(seq: number): void {
    if (seq <= this.#seq) return;
    const from = this.#seq + 1;
    for (const follow of [...this.#follows]) follow.miss(from, seq);
    this.#seq = seq;
    this.#skippedTo = seq;
    this.#showAhead();
  }

  /** Starts another log. Earlier seqs are void. */
  restart(end: Pick<LogEnd, 'log' | 'lastSeq' | 'lastAtMs'>): void {
    this.#log = end.log;
    this.#seq = end.lastSeq;
    this.#skippedTo = end.lastSeq;
    this.lastAtMs = end.lastAtMs;
    this.#ahead.clear();
    this.#removals.clear();
    this.entries.dropBefore(this.entries.head);
    for (const follow of [...this.#follows]) follow.restart();
  }

  /**
   * Ends the stay of a user at the entry of the removal. The user sees that entry, and nothing
   * after it.
   */
  remove(userId: string, seq: number): void {
    const known = this.#removals.get(userId)?.seq ?? 0;
    this.#removals.set(userId, { seq: Math.max(known, seq), atMs: performance.now() });
    for (const follow of [...this.#follows]) if (follow.userId === userId && follow.sinceSeq < seq) follow.endAt(seq);
  }

  /** Ends the stay of a user at the last entry that was shown. */
  removeNow(userId: string): void {
    for (const follow of [...this.#follows]) if (follow.userId === userId) follow.endAt(this.#seq);
  }

  /** Wakes the followers. */
  flush(): void {
    this.#unflushedBytes = 0;
    this.changedAtMs = performance.now();
    for (const follow of [...this.#follows]) follow.wake();
  }

  /** Forgets old removals. */
  tick(nowMs: number): void {
    for (const [userId, { atMs }] of this.#removals) if (nowMs - atMs > removalMs) this.#removals.delete(userId);
  }

  /** Bytes that the rings hold. */
  get ringBytes(): number {
    return this.entries.memoryBytes + this.lossy.memoryBytes;
  }

  shrinkRings(maxBytes: number): void {
    this.entries.shrinkTo(maxBytes);
    this.lossy.shrinkTo(maxBytes);
  }

  /** Stops counting the memory of the rings. */
  end(): void {
    this.entries.release();
    this.lossy.release();
  }

  #showAhead(): void {
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) this.#show(next);
    for (const seq of this.#ahead.keys()) if (seq <= this.#seq) this.#ahead.delete(seq);
  }

  #takeNext(): FeedEntry | undefined {
    const next = this.#ahead.get(this.#seq + 1);
    if (next !== undefined) this.#ahead.delete(next.seq);
    return next;
  }

  #show({ seq, timestamp, change, event }: FeedEntry): void {
    const { amendment } = event;
    if (amendment !== undefined && amendment.target > this.#skippedTo)
      this.#amendments.apply(amendment, this.cursorAfter(amendment.target) - 1);
    this.#seq = seq;
    this.lastAtMs = timestamp;
    this.entries.push(event);
    if (change !== undefined) this.#noteChange(seq, change);
    this.#ready(event.bytes.length);
  }

  /**
   * Wakes the followers early if the ring could otherwise drop entries before a ready follower gets
   * them.
   */
  #ready(bytes: number): void {
    this.#unflushedBytes += bytes;
    if (this.#unflushedBytes > limits.ringBytes / 2) this.flush();
    else this.#listener.ready(this);
  }

  /**
   * Ends the stays of users whom an entry removes. The table has the memberships of users whom it
   * adds.
   */
  #noteChange(seq: number, { userId, moreUserIds, joined }: MemberChange): void {
    if (joined) this.#listener.joined();
    else for (const id of [userId, ...moreUserIds]) this.remove(id, seq);
  }
}
