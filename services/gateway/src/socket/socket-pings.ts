import { Bucket, type BurstRate } from '@parley/service-kit';
import type { WebSocket } from 'ws';

/** Rate of WebSocket pings and pongs from one client. */
const controlRate: BurstRate = { burst: 60, perSecond: 5 };

/** Maximum number of pings in a row that a client leaves unanswered. Then it is cut off. */
const maxUnanswered = 2;

/** Called for a client that does not answer pings, or sends too many. */
export interface SocketPingEnds {
  readonly onSilence: () => void;
  readonly onFlood: () => void;
}

/** The WebSocket pings of one client. */
export class SocketPings {
  readonly #ws: WebSocket;
  readonly #ends: SocketPingEnds;
  readonly #control = new Bucket(controlRate);
  /** Number of pings since the client last sent anything. */
  #unanswered = 0;
  #pingedAtMs = performance.now();

  constructor(ws: WebSocket, ends: SocketPingEnds) {
    this.#ws = ws;
    this.#ends = ends;
    ws.on('ping', () => this.#countControl());
    ws.on('pong', () => this.#countControl());
  }

  /** Notes that the client has sent something. */
  note(): void {
    this.#unanswered = 0;
  }

  /** Sends a ping every `everyMs`, or ends the client if it sends nothing. */
  tick(nowMs: number, everyMs: number): void {
    if (nowMs - this.#pingedAtMs < everyMs) return;
    this.#pingedAtMs = nowMs;
    this.#unanswered += this.#ws.isPaused ? 0 : 1;
    if (this.#unanswered > maxUnanswered) this.#ends.onSilence();
    else this.#ws.ping();
  }

  #countControl(): void {
    this.note();
    if (this.#control.take() > 0) this.#ends.onFlood();
  }
}
