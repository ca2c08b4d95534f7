import type { Http2Session } from 'node:http2';
import { limits } from '@parley/runtime';
import type { ServerCall } from './server-call.js';

/** Concurrent calls that a connection may have, and its accepted streams. */
interface Allowance {
  calls: number;
  streams: number;
}

/**
 * Limits the concurrent calls of a connection. HTTP/2 itself refuses calls beyond the limit, before
 * they cost anything. When the streams that the service has accepted fill half of the limit, the
 * limit doubles, up to `max`. A client without a valid token has no accepted streams, so its limit
 * stays low. Proxies get `max` from the start.
 */
export class StreamLimit {
  /** Limit of a new connection. */
  readonly initial: number;
  readonly #max: number;
  readonly #sessions = new WeakMap<Http2Session, Allowance>();

  constructor(max: number) {
    this.#max = max;
    this.initial = Math.min(limits.callsPerConnection, max);
  }

  /** Gives a new connection of a proxy the maximum limit. */
  lift(session: Http2Session): void {
    if (this.#max > this.initial) session.settings({ maxConcurrentStreams: this.#max });
  }

  /** Counts a stream that the service has accepted. */
  accept({ call, stream: { session } }: ServerCall): void {
    if (session === undefined || session.destroyed || session.closed) return;
    const allowance = this.#sessions.get(session) ?? { calls: this.initial, streams: 0 };
    this.#sessions.set(session, allowance);
    allowance.streams += 1;
    call.onOver(() => {
      allowance.streams -= 1;
    });
    if (allowance.calls >= this.#max || allowance.streams < allowance.calls / 2) return;
    allowance.calls = Math.min(2 * allowance.calls, this.#max);
    session.settings({ maxConcurrentStreams: allowance.calls });
  }
}
