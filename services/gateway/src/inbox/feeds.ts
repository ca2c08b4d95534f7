import { type Flushable, type FlushQueue, levelFor, RingMemory } from '@parley/fanout';
import { limits } from '@parley/runtime';
import type { LogEnd, MemberRow, ToldReceipt } from '../store/inbox-store.js';
import { membershipEvent, receiptEvent } from './event-frames.js';
import { Feed, type FeedListener } from './feed.js';

/** If all rings together exceed their limit, they shrink to this share of the limit. */
const shrinkTo = 0.9;
/** Time for which a feed without readers stays in memory, because its readers may reconnect. */
const unusedMs = 60_000;
/** Time without an entry or a lossy frame, in milliseconds, after which the rings of a channel are emptied. */
const quietMs = 120_000;
/** Interval at which a channel that has no owning server is compared with the table. */
const compareEveryMs = 2_000;

/** Observer that learns which channels have a feed, and when each was compared with the table. */
export interface FeedWatcher {
  onFeed(feed: Feed): void;
  onCompared(feed: Feed): void;
  onDropped(feed: Feed): void;
}

/** The feeds of this gateway: one for each channel that a reader is in. */
export class Feeds {
  readonly watchers = new Set<FeedWatcher>();
  readonly #feeds = new Map<number, Feed>();
  readonly #listener: FeedListener;
  readonly #memory: RingMemory;
  /** Channels to compare with the table in the next round. */
  readonly #due = new Set<Feed>();
  /** Channels that the current round compares. */
  readonly #reading = new Set<Feed>();
  #memberships = 0;
  /** When each channel was last compared, by the clock of this process. */
  readonly #comparedAtMs = new WeakMap<Feed, number>();

  /**
   * `queue` wakes feeds at the end of a turn, and `joined` is called when somebody has joined a
   * channel.
   */
  constructor(queue: FlushQueue, joined: () => void) {
    const shrinking: Flushable = { flush: () => this.#shrinkRings(limits.allRingsBytes * shrinkTo) };
    this.#memory = new RingMemory(limits.allRingsBytes, () => queue.add(shrinking));
    const followed = (change: 1 | -1) => {
      this.#memberships += change;
    };
    this.#listener = { ready: (feed) => queue.add(feed), joined, followed };
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** Number of chats that readers follow, counted once for each reader. */
  get memberships(): number {
    return this.#memberships;
  }

  get ringBytes(): number {
    return this.#memory.bytes;
  }

  /** The channels that somebody follows. */
  get followed(): Feed[] {
    return [...this.#feeds.values()].filter(({ hasFollowers }) => hasFollowers);
  }

  find(channelId: number): Feed | undefined {
    return this.#feeds.get(channelId);
  }

  /** Returns the feed of a channel, or starts one at this end of its log. */
  open(end: LogEnd, shownUntil: number): Feed {
    const known = this.#feeds.get(end.channelId);
    if (known !== undefined) return known;
    const feed = new Feed(end, shownUntil, this.#listener, this.#memory);
    this.#feeds.set(end.channelId, feed);
    for (const watcher of this.watchers) watcher.onFeed(feed);
    return feed;
  }

  /** Shows a receipt to everybody in the chat, or else to the devices of its user. */
  showReceipt({ told, ...receipt }: ToldReceipt): void {
    const feed = this.find(receipt.channelId);
    if (told) feed?.flash({ bytes: receiptEvent(receipt), plain: false });
    else feed?.tellUser(receipt.userId, receiptEvent(receipt));
  }

  /** Shows a receipt that has moved, and the rest of the membership to the devices of the member. */
  showMember(member: MemberRow): void {
    if (member.hasMoved) this.showReceipt(member);
    this.find(member.channelId)?.tellUser(member.userId, membershipEvent(member));
  }

  /** Drops a feed without readers now, instead of after a minute. */
  drop(feed: Feed): void {
    if (!feed.hasFollowers && this.#feeds.get(feed.channelId) === feed) this.#drop(feed);
  }

  /** Compares a channel with the table in the next round. */
  compare(feed: Feed): void {
    this.#due.add(feed);
  }

  /** Whether entries of a channel may be missing until it has been compared with the table. */
  isBehind(feed: Feed): boolean {
    return this.#due.has(feed) || this.#reading.has(feed);
  }

  /** Notes that a channel was compared with the table. */
  compared(feed: Feed, nowMs: number): void {
    this.#reading.delete(feed);
    this.#comparedAtMs.set(feed, nowMs);
    for (const watcher of this.watchers) watcher.onCompared(feed);
  }

  /** Marks the channels of a failed round to be compared again. */
  notCompared(): void {
    for (const feed of this.#reading) this.#due.add(feed);
    this.#reading.clear();
  }

  /**
   * Takes the channels to compare now: those for which `compare` was called, and those that no
   * relay shows, if they have an owning server or were not compared for 2 s.
   */
  takeDue(nowMs: number): Feed[] {
    const isOld = (feed: Feed) =>
      !feed.isFollowed && (feed.ownerId !== null || nowMs - (this.#comparedAtMs.get(feed) ?? 0) >= compareEveryMs);
    const due = [...this.#feeds.values()].filter((feed) => this.#due.delete(feed) || isOld(feed));
    for (const feed of due) this.#reading.add(feed);
    return due;
  }

  /** Drops feeds without readers, and empties the rings of quiet channels. */
  tick(nowMs: number): void {
    for (const feed of this.#feeds.values()) {
      feed.tick(nowMs);
      if (nowMs - feed.changedAtMs > quietMs && feed.ringBytes > 0) feed.shrinkRings(0);
      if (feed.hasFollowers) feed.usedAtMs = nowMs;
      else if (nowMs - feed.usedAtMs > unusedMs) this.#drop(feed);
    }
  }

  #drop(feed: Feed): void {
    this.#feeds.delete(feed.channelId);
    this.#due.delete(feed);
    this.#reading.delete(feed);
    feed.end();
    for (const watcher of this.watchers) watcher.onDropped(feed);
  }

  /** Wakes the readers, and then drops the oldest entries of the largest rings. */
  #shrinkRings(target: number): void {
    const all = [...this.#feeds.values()];
    for (const feed of all) feed.flush();
    queueMicrotask(() => {
      const level = levelFor(
        all.map(({ ringBytes }) => ringBytes),
        target,
      );
      for (const feed of all) if (feed.ringBytes > level) feed.shrinkRings(level);
    });
  }
}
