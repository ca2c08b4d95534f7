import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Metrics } from '@parley/runtime';
import { Buckets, type BurstRate } from '../buckets.js';
import { addressKey } from './address-key.js';
import type { Proxies } from './proxies.js';

/** Rate limit of refusals per connection. */
const refusals: BurstRate = { burst: 100, perSecond: 10 };
/** The same for an address with many recently closed connections. */
const fewRefusals: BurstRate = { burst: 10, perSecond: 10 };
/** Closed connections per address before the stricter limit applies. */
const closures: BurstRate = { burst: 10, perSecond: 0.1 };

/**
 * Closes a connection whose calls are refused too often, because even a refusal costs time.
 * Connections of proxies carry calls of many users and are never closed.
 */
export class RefusalLimit {
  readonly #connections = new Buckets<object>();
  readonly #addresses = new Buckets<string>();
  readonly #proxies: Proxies;
  #closed = 0;

  constructor(proxies: Proxies, metrics: Metrics) {
    this.#proxies = proxies;
    metrics.total(
      'parley_connections_refused_often_total',
      'connections closed because too many of their calls were refused',
      () => this.#closed,
    );
  }

  /** Counts a refused call on the connection of this stream. */
  count({ session }: ServerHttp2Stream): void {
    if (session === undefined || session.destroyed) return;
    const { remoteAddress = '' } = session.socket;
    if (this.#proxies.has(remoteAddress)) return;
    const address = addressKey(remoteAddress);
    const rate = this.#addresses.left(address, closures) < 1 ? fewRefusals : refusals;
    if (this.#connections.left(session, refusals) === refusals.burst)
      session.once('close', () => this.#connections.forget(session));
    if (this.#connections.take(session, rate) === 0) return;
    this.#addresses.take(address, closures);
    this.#closed += 1;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  }
}
