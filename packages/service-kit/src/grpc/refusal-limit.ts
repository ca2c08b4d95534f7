import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Metrics, Reason } from '@parley/runtime';
import { Buckets, type BurstRate } from '../buckets.js';
import { addressKey } from './address-key.js';
import type { Proxies } from './proxies.js';

/** Rate limit of refusals per connection. */
const refusals: BurstRate = { burst: 100, perSecond: 10 };
/** Stricter rate limit for an address with many recently closed connections. */
const fewRefusals: BurstRate = { burst: 10, perSecond: 10 };
/**
 * If the connections of an address are closed more often than this, the stricter limit applies to
 * the address.
 */
const closures: BurstRate = { burst: 10, perSecond: 0.1 };

/**
 * Reasons that count here when a handler refuses a call. Refusals with any other reason need a
 * valid token, so they count against its user.
 */
const countedReasons: ReadonlySet<string> = new Set<Reason>([
  'unauthenticated',
  'invalid-token',
  'expired-token',
  'logged-out',
  'suspended',
  'not-a-service',
  'no-certificate',
  'seat-gone',
  'read-too-often',
  'login-too-often',
  'register-too-often',
]);

/**
 * Closes a connection whose calls are refused too often, because even a refusal costs time.
 * Connections of proxies carry calls of many users, so they are never closed.
 */
export class RefusalLimit {
  readonly #connections = new Buckets<object>();
  readonly #addresses = new Buckets<string>();
  readonly #proxies: Proxies;
  readonly #counted = new WeakSet<object>();
  readonly #ending = new WeakSet<object>();
  #closed = 0;

  constructor(proxies: Proxies, metrics: Metrics) {
    this.#proxies = proxies;
    metrics.total(
      'parley_connections_refused_often_total',
      'connections closed because too many of their calls were refused',
      () => this.#closed,
    );
  }

  /**
   * Counts the outcome of a call of a served path if it is a refusal for one of the
   * `countedReasons`.
   */
  countOutcome(reason: string, stream: ServerHttp2Stream): void {
    if (countedReasons.has(reason)) this.count(stream);
  }

  /** Counts a refused call on the connection of this stream. */
  count({ session }: ServerHttp2Stream): void {
    if (session === undefined || session.destroyed || this.#ending.has(session)) return;
    const { remoteAddress = '' } = session.socket;
    if (this.#proxies.has(remoteAddress)) return;
    const address = addressKey(remoteAddress);
    const rate = this.#addresses.left(address, closures) < 1 ? fewRefusals : refusals;
    this.#forgetAtEnd(session);
    if (this.#connections.take(session, rate) === 0) return;
    this.#addresses.take(address, closures);
    this.#closed += 1;
    this.#end(session);
  }

  /** Returns whether the connection of a new stream is being closed. */
  isEnding({ session }: ServerHttp2Stream): boolean {
    return session !== undefined && this.#ending.has(session);
  }

  #forgetAtEnd(session: Http2Session): void {
    if (this.#counted.has(session)) return;
    this.#counted.add(session);
    session.once('close', () => this.#connections.forget(session));
  }

  /**
   * Closes a connection. Destroys its session later, because doing so in a callback of one of its
   * streams corrupts the heap of Node.
   */
  #end(session: Http2Session): void {
    this.#ending.add(session);
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    setImmediate(() => session.destroy());
  }
}
