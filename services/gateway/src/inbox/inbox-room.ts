import { getHeapStatistics } from 'node:v8';
import { type Metrics, refuse } from '@parley/runtime';
import { Tally } from '@parley/service-kit';
import type { Feeds } from './feeds.js';

/**
 * Bytes of the heap that are taken by an open inbox, by each chat that it follows, and by each
 * channel that any inbox follows. The latest entries of channels are not included, because they
 * have a limit of their own. Measured with Node 20.
 */
const inboxCosts = { inbox: 16_000, membership: 160, channel: 1_400 } as const;
/** Share of the heap that inboxes may take. The rest is for entries, calls and garbage. */
const heapShare = 0.5;
/** Maximum numbers of open inboxes: per user, per address and per process. */
const inboxesPerUser = 20;
const inboxesPerAddress = 2_000;
const inboxesPerProcess = 20_000;

/** Numbers of the objects that take memory. */
export interface InboxCounts {
  readonly inboxes: number;
  readonly memberships: number;
  readonly channels: number;
}

/** Returns the bytes that inboxes take. */
export function bytesOfInboxes({ inboxes, memberships, channels }: InboxCounts): number {
  return inboxes * inboxCosts.inbox + memberships * inboxCosts.membership + channels * inboxCosts.channel;
}

/** Returns the bytes that all inboxes of this process may take: half of the limit of the heap. */
function usualBytes(): number {
  return Math.floor(getHeapStatistics().heap_size_limit * heapShare);
}

/** Counts the open inboxes and their memory, and decides whether another one may open. */
export class InboxRoom {
  readonly #feeds: Pick<Feeds, 'memberships' | 'size'>;
  readonly #maxBytes: number;
  readonly #perUser = new Tally<string>();
  readonly #perAddress = new Tally<string>();
  #size = 0;

  /** `maxBytes` limits the memory that inboxes take. Default: half of the limit of the heap. */
  constructor(feeds: Pick<Feeds, 'memberships' | 'size'>, metrics: Metrics, maxBytes = usualBytes()) {
    this.#feeds = feeds;
    this.#maxBytes = maxBytes;
    metrics.gauge('parley_inboxes', 'open inboxes', () => this.#size);
    metrics.gauge('parley_users_online', 'users with an open inbox or chat stream', () => this.#perUser.size);
    metrics.gauge('parley_inbox_memberships', 'chats of all open inboxes', () => feeds.memberships);
    metrics.gauge('parley_inbox_bytes', 'bytes of the heap that open inboxes take, estimated', () => this.#bytes);
    metrics.gauge('parley_inbox_bytes_limit', 'bytes beyond which new inboxes are refused', () => maxBytes);
  }

  /** Number of open inboxes. */
  get size(): number {
    return this.#size;
  }

  get #bytes(): number {
    const { memberships, size: channels } = this.#feeds;
    return bytesOfInboxes({ inboxes: this.#size, memberships, channels });
  }

  /** Whether inboxes take all the memory that they may take. */
  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /**
   * Checks that this process can open another inbox.
   * @throws {Refusal} `too-busy`
   */
  check(): void {
    if (this.#size >= inboxesPerProcess || this.isFull) throw refuse('too-busy');
  }

  /**
   * Counts an inbox. Returns a function that forgets it.
   * @throws {Refusal} `too-many-inboxes` or `too-busy`
   */
  enter(userId: string, address: string): () => void {
    if (this.#perUser.count(userId) >= inboxesPerUser) throw refuse('too-many-inboxes');
    this.check();
    if (this.#perAddress.count(address) >= inboxesPerAddress) throw refuse('too-busy');
    this.#size += 1;
    this.#perUser.add(userId);
    this.#perAddress.add(address);
    return () => {
      this.#size -= 1;
      this.#perUser.remove(userId);
      this.#perAddress.remove(address);
    };
  }
}
