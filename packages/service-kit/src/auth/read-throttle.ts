import { refuse } from '@parley/runtime';
import { Buckets, type BurstRate } from '../buckets.js';

const cheap: BurstRate = { burst: 300, perSecond: 30 };
const dear: BurstRate = { burst: 100, perSecond: 10 };
const search: BurstRate = { burst: 30, perSecond: 2 };

/**
 * Rate limits per user and process of all methods that only read. user-service counts `Get` in the
 * database.
 */
export const readRates: Readonly<Record<string, BurstRate>> = {
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

/** Rate limiter for reads, in the memory of this process. */
export class ReadThrottle {
  readonly #buckets: Buckets<string>;

  constructor(now?: () => number) {
    this.#buckets = new Buckets(now);
  }

  /**
   * Counts one call. `rpc` is the name in the path, with or without the package.
   * @throws {Refusal} `read-too-often`, with a retry hint.
   */
  count(user: string, rpc: string): void {
    const method = rpc.replace(/^chat\.v1\./, '');
    const rate = Object.hasOwn(readRates, method) ? readRates[method] : undefined;
    if (rate === undefined) return;
    const retryAfterMs = this.#buckets.take(`${method} ${user}`, rate);
    if (retryAfterMs > 0) throw refuse('read-too-often', { retryAfterMs });
  }
}
