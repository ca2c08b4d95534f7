import type { Http2Session } from 'node:http2';
import { limits } from '@parley/runtime';
import type { ServerCall } from './server-call.js';

/** Concurrent calls that a connection may have, and its accepted streams. */
interface Allowance {
  calls: number;
  streams: number;
}

/**
 * Bounds the concurrent calls of a connection. HTTP/2 itself refuses more, before they cost anything.
 * The bound doubles, up to `max`, when half of it are streams that the service has accepted: a
 * stranger has none. Proxies may have `max` at once.
 */
export class StreamLimit {
  /** Bound of a new connection. */
  readonly initial: number;
  readonly #max: number;
  readonly #sessions = new WeakMap<Http2Session, Allowance>();

  constructor(max: number) {
    this.#max = max;
    this.initial = Math.min(limits.callsPerConnection, max);
  }

  /** Gives a new connection of a proxy the highest bound. */
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
