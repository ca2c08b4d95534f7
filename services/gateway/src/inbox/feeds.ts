import { type Flushable, type FlushQueue, levelFor, RingMemory } from '@parley/fanout';
import { limits } from '@parley/runtime';
import type { LogEnd } from '../store/inbox-store.js';
import { Feed, type FeedListener } from './feed.js';

/** When all rings together exceed their limit, they shrink to this share of it. */
const shrinkTo = 0.9;
/** A feed without readers is kept for this time, because its readers may reconnect. */
const unusedMs = 60_000;
/** If a channel has no new entry for this time, its ring is emptied. */
const quietMs = 120_000;
/** Interval at which a channel without an owning server is compared with the table. */
const compareEveryMs = 2_000;

/** The feeds of this gateway: one for each channel that a reader is in. */
export class Feeds {
  readonly #feeds = new Map<number, Feed>();
  readonly #listener: FeedListener;
  readonly #memory: RingMemory;
  /** Channels to compare with the table in the next round. */
  readonly #due = new Set<Feed>();
  /** When each channel was last compared, by the clock of this process. */
  readonly #comparedAtMs = new WeakMap<Feed, number>();

  /**
   * `queue` wakes feeds at the end of a turn, and `joined` is called when somebody has joined a
   * channel.
   */
  constructor(queue: FlushQueue, joined: () => void) {
    const shrinking: Flushable = { flush: () => this.#shrinkRings(limits.allRingsBytes * shrinkTo) };
    this.#memory = new RingMemory(limits.allRingsBytes, () => queue.add(shrinking));
    this.#listener = { ready: (feed) => queue.add(feed), joined };
  }

  get size(): number {
    return this.#feeds.size;
  }

  get ringBytes(): number {
    return this.#memory.bytes;
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
    return feed;
  }

  /** Compares a channel with the table in the next round. */
  compare(feed: Feed): void {
    this.#due.add(feed);
  }

  /** Notes that a channel was compared with the table. */
  compared(feed: Feed, nowMs: number): void {
    this.#due.delete(feed);
    this.#comparedAtMs.set(feed, nowMs);
  }

  /**
   * Returns the channels to compare now: those that have an owning server, those for which
   * `compare` was called, and those that were not compared for 2 s.
   */
  due(nowMs: number): Feed[] {
    const isDue = (feed: Feed) =>
      this.#due.has(feed) || feed.isOwned || nowMs - (this.#comparedAtMs.get(feed) ?? 0) >= compareEveryMs;
    return [...this.#feeds.values()].filter(isDue);
  }

  /** Drops feeds without readers, and empties the rings of quiet channels. */
  tick(nowMs: number): void {
    for (const feed of this.#feeds.values()) {
      feed.tick(nowMs);
      if (nowMs - feed.changedAtMs > quietMs && feed.ringBytes > 0) feed.shrinkRings(0);
      if (feed.follows.size > 0) feed.usedAtMs = nowMs;
      else if (nowMs - feed.usedAtMs > unusedMs) this.#drop(feed);
    }
  }

  #drop(feed: Feed): void {
    this.#feeds.delete(feed.channelId);
    this.#due.delete(feed);
    feed.end();
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
