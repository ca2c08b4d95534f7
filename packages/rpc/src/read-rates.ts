import { refuse } from '@parley/runtime';

/** How often one user may call a method of one process: so many at once, then so many per second. */
export interface ReadRate {
  readonly burst: number;
  readonly perSecond: number;
}

const cheap: ReadRate = { burst: 300, perSecond: 30 };
const dear: ReadRate = { burst: 100, perSecond: 10 };
const search: ReadRate = { burst: 30, perSecond: 2 };

/** Every call that only reads, by service and method. User-service counts `Get` in the database. */
export const readRates: Readonly<Record<string, ReadRate>> = {
  'UserService/Search': search,
  'ChannelService/List': cheap,
  'ChannelService/ListChannels': cheap,
  'ChannelService/Overview': cheap,
  'ChannelService/ListMembers': dear,
  'ChannelService/ListInvites': dear,
  'ChannelService/History': cheap,
  'ChannelService/Search': search,
  'AdminService/ListServers': dear,
  'AdminService/ListAudit': dear,
};

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** As many people as are remembered; beyond it, whoever has not read for longest starts anew. */
const mostBuckets = 100_000;

/** Counts reads in the memory of this process: a read costs no row. */
export class ReadThrottle {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Counts one call. `rpc` is as in the path, with or without the package.
   * @throws {Refusal} `read-too-often`, with the milliseconds until the next one is free.
   */
  count(user: string, rpc: string): void {
    const method = rpc.replace(/^chat\.v1\./, '');
    const rate = Object.hasOwn(readRates, method) ? readRates[method] : undefined;
    if (rate === undefined) return;
    const key = `${method} ${user}`;
    const left = this.#leftOf(key, rate);
    if (left < 1) {
      throw refuse('read-too-often', { retryAfterMs: Math.ceil(((1 - left) / rate.perSecond) * 1_000) });
    }
    this.#keep(key, left - 1);
  }

  #leftOf(key: string, { burst, perSecond }: ReadRate): number {
    const before = this.#buckets.get(key);
    if (before === undefined) return burst;
    return Math.min(burst, before.left + ((this.#now() - before.at) / 1_000) * perSecond);
  }

  #keep(key: string, left: number): void {
    this.#buckets.delete(key); // the order of the map is that of the last reads
    this.#buckets.set(key, { left, at: this.#now() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostBuckets && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
