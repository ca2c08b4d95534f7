import { refuse } from '@parley/runtime';
import { Buckets, type BurstRate } from '../buckets.js';

const cheap: BurstRate = { burst: 300, perSecond: 30 };
const dear: BurstRate = { burst: 100, perSecond: 10 };
const search: BurstRate = { burst: 30, perSecond: 2 };

/** Size of a response, in bytes, that costs as much as one call. */
const bytesPerCall = 65_536;

/**
 * Rate limits of the methods that only read, for each user in one process. Methods whose calls the
 * database counts, such as `Get` of the user-service, are missing. A call costs 1, plus 1 for each
 * 64 KiB of its response.
 */
export const readRates: Readonly<Record<string, BurstRate>> = {
  'UserService/Search': search,
  'UserService/ListSessions': dear,
  'UserService/ListBots': dear,
  'ChannelService/List': cheap,
  'ChannelService/ListChannels': cheap,
  'ChannelService/Overview': { burst: 100, perSecond: 3 },
  'ChannelService/ListReceipts': dear,
  'ChannelService/ListNotifications': dear,
  'ChannelService/GetPush': dear,
  'ChannelService/ListMembers': dear,
  'ChannelService/ListCommands': dear,
  'ChannelService/ListInvites': dear,
  'ChannelService/ListIncomingWebhooks': dear,
  'ChannelService/ListOutgoingWebhooks': dear,
  'ChannelService/ListDeadLetters': dear,
  'ChannelService/ListBlocked': dear,
  'ChannelService/History': cheap,
  'ChannelService/Search': search,
  'AdminService/ListServers': dear,
  'AdminService/ListGateways': dear,
  'AdminService/ListAudit': dear,
  'AdminService/ListUsers': dear,
  'AdminService/ListAllChannels': dear,
  'AdminService/ListAbuseReports': dear,
};

/** Returns the method without its package, and its rate limit if it has one. */
function rateOf(rpc: string): { readonly method: string; readonly rate: BurstRate | undefined } {
  const method = rpc.replace(/^chat\.v1\./, '');
  return { method, rate: Object.hasOwn(readRates, method) ? readRates[method] : undefined };
}

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
    const { method, rate } = rateOf(rpc);
    if (rate === undefined) return;
    const retryAfterMs = this.#buckets.take(`${method} ${user}`, rate);
    if (retryAfterMs > 0) throw refuse('read-too-often', { retryAfterMs });
  }

  /** Counts the bytes of a response, so that a large one costs as much as several calls. */
  charge(user: string, rpc: string, bytes: number): void {
    const { method, rate } = rateOf(rpc);
    if (rate !== undefined) this.#buckets.charge(`${method} ${user}`, bytes / bytesPerCall, rate);
  }
}
