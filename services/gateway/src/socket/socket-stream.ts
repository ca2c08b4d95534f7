import type { Duplex } from 'node:stream';
import type { Framing } from '@parley/fanout';
import type { MemoryHolding, Refusal } from '@parley/runtime';
import { refuse } from '@parley/runtime';
import { WebSocket } from 'ws';
import { encodeInboxEvent } from '../inbox/event-frames.js';
import type { InboxStream } from '../inbox/stream.js';
import { closeCodeOf, mayReconnect } from './close-codes.js';

/**
 * The stream of an inbox on a WebSocket. Writes prebuilt frames straight to the socket; `ws` writes
 * only pings, pongs and the close frame.
 */
export class SocketStream implements InboxStream {
  readonly framing: Framing;
  readonly #socket: Duplex;
  readonly #ws: WebSocket;
  readonly #report: (reason: string) => void;
  #listeners: (() => void)[] = [];
  #isOver = false;
  #wasBlocked = false;

  /** Takes an open WebSocket and its socket. Calls `report` once, with the reason of the end. */
  constructor(socket: Duplex, ws: WebSocket, framing: Framing, report: (reason: string) => void) {
    this.#socket = socket;
    this.#ws = ws;
    this.framing = framing;
    this.#report = report;
    ws.once('close', () => this.#over('cancelled'));
  }

  get ended(): boolean {
    return this.#isOver || this.#ws.readyState !== WebSocket.OPEN;
  }

  write(frames: Buffer): boolean {
    return this.ended || this.#socket.write(frames);
  }

  onDrain(listener: () => void): void {
    this.#socket.once('drain', listener);
  }

  onClose(listener: () => void): void {
    if (this.#isOver) queueMicrotask(listener);
    else this.#listeners.push(listener);
  }

  /** Sends a goodbye and a close frame. Without a refusal, the client has ended the stream. */
  end(refusal?: Refusal): void {
    if (this.ended) return;
    if (refusal === undefined) this.#ws.close(1_000);
    else this.#sayGoodbye(refusal);
    this.#over(refusal?.reason ?? 'ok');
  }

  /**
   * Ends the stream with a goodbye, like `end`. At most one write waits for the client, and only
   * until the time limit for closing is over.
   */
  reset(): void {
    this.end(refuse('too-slow'));
  }

  /** Cuts the connection without a goodbye, because the client would not read one. */
  cut(reason: string): void {
    this.#over(reason);
    this.#ws.terminate();
  }

  /**
   * Counts the bytes that the client has not read, if it has read nothing since the last call.
   * Before that, they are not counted, because readers share the bytes of a write.
   */
  countUnread(holding: MemoryHolding): void {
    const isBlocked = this.#socket.writableNeedDrain;
    holding.set(isBlocked && this.#wasBlocked ? this.#socket.writableLength : 0);
    this.#wasBlocked = isBlocked;
  }

  #sayGoodbye({ reason, message, retryAfterMs }: Refusal): void {
    const goodbye = { reason, message, retryAfterMs, listenAgain: mayReconnect(reason) };
    const event = encodeInboxEvent({ goodbye });
    this.#socket.write(this.framing.join([event], event.length));
    this.#ws.close(closeCodeOf(reason), reason);
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#report(reason);
    for (const listener of this.#listeners.splice(0)) queueMicrotask(listener);
  }
}
