import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits, type MemoryHolding, type Refusal } from '@parley/runtime';
import type { InboxStream } from '../../inbox/stream.js';
import { joinedParts } from './event-bytes.js';
import { eventFraming } from './event-framing.js';
import type { EventParts, EventsMachine, EventsNeed } from './events-machine.js';

/** The part of a stream that a look-up uses. */
export interface EventWriter {
  write(parts: EventParts): void;
  /** Resolves when the client has read enough, or the stream is over. */
  taken(): Promise<void>;
}

/** Options of one stream of events. */
export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Line with the id from which the stream resumes; empty if there is none. */
  readonly idLine: string;
  readonly machine: EventsMachine;
  /** Looks up the fact that the machine needs, and writes the resulting bytes. */
  readonly lookUp: (need: EventsNeed, writer: EventWriter) => Promise<void>;
  /** Counts bytes that the client has not read. */
  readonly unread: MemoryHolding;
  /** Sends a refusal before the first event, while a status can still be sent. */
  readonly refuse: (refusal: Refusal) => void;
  /** Called once, with the reason of the end. */
  readonly report: (reason: string) => void;
}

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * The stream of an inbox as server-sent events. Writes events straight to the socket, each write as
 * one chunk of the response; the library writes only the head and the end. During a look-up, the
 * stream accepts no frames, and the inbox waits until it does.
 */
export class EventStream implements InboxStream {
  readonly framing = eventFraming;
  readonly #options: EventStreamOptions;
  #drains: (() => void)[] = [];
  #isLookingUp = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    const { response, socket } = options;
    const drained = () => this.#drained();
    socket.on('drain', drained);
    response.once('close', () => {
      socket.off('drain', drained);
      this.#over('cancelled');
    });
  }

  get ended(): boolean {
    return this.#isOver || this.#options.response.destroyed;
  }

  /** Sends the headers, so that the client knows that it is connected. */
  begin(): void {
    const { response, idLine } = this.#options;
    if (this.ended || response.headersSent) return;
    response.writeHead(200, headers);
    if (idLine === '') response.flushHeaders();
    else response.write(`${idLine}\n`);
  }

  write(frames: Buffer): boolean {
    if (this.ended) return true;
    this.begin();
    this.#options.machine.take(frames);
    return this.#goOn();
  }

  onDrain(listener: () => void): void {
    this.#drains.push(listener);
  }

  onClose(listener: () => void): void {
    if (this.#options.response.closed) queueMicrotask(listener);
    else this.#options.response.once('close', listener);
  }

  /**
   * Ends the stream after everything that was written. The line `retry` tells the browser when to
   * reconnect and resume. The status is 200, because a browser never reconnects after any other.
   */
  end(refusal?: Refusal): void {
    if (this.ended) return;
    const { response, refuse } = this.#options;
    if (!response.headersSent && refusal !== undefined) {
      this.#over(refusal.reason);
      refuse(refusal);
      return;
    }
    this.begin();
    response.end(retryLine(refusal));
    this.#over(refusal?.reason ?? 'ok');
  }

  reset(): void {
    this.#over('too-slow');
    this.#options.response.destroy();
  }

  /** Runs the steps of the machine until none is left or one must wait. */
  #goOn(): boolean {
    const { socket, machine } = this.#options;
    for (let step = machine.next(); step !== undefined && !this.ended; step = machine.next()) {
      if (step.need === undefined) this.#send(step.write);
      else {
        void this.#lookUp(step.need);
        return false;
      }
    }
    return this.ended || !socket.writableNeedDrain;
  }

  async #lookUp(need: EventsNeed): Promise<void> {
    this.#isLookingUp = true;
    try {
      await this.#options.lookUp(need, { write: (parts) => this.#send(parts), taken: () => this.#taken() });
    } catch {
      this.#isLookingUp = false;
      if (!this.ended) this.#options.response.end(retryLine(undefined)); // The client resumes before this event.
      return this.#over('unreachable');
    }
    this.#isLookingUp = false;
    if (this.#goOn()) this.#drained();
  }

  #send(parts: EventParts): void {
    const { response, unread } = this.#options;
    if (parts.length === 0 || this.ended || this.#write(parts)) return;
    unread.set(response.writableLength);
    this.#timer ??= setTimeout(() => this.reset(), limits.takenWithinMs).unref();
  }

  #write(parts: EventParts): boolean {
    const { response, socket } = this.#options;
    if (response.socket === null) return response.write(joinedParts(parts, false)); // The connection still sends an earlier response.
    return socket.write(joinedParts(parts, response.chunkedEncoding));
  }

  #taken(): Promise<void> {
    const { response, socket } = this.#options;
    if (this.ended || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const taken = () => {
        socket.off('drain', taken);
        response.off('close', taken);
        resolve();
      };
      socket.on('drain', taken);
      response.on('close', taken);
    });
  }

  #drained(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.unread.set(0);
    if (this.#isLookingUp) return;
    for (const listener of this.#drains.splice(0)) listener();
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.unread.set(0);
    this.#options.report(reason);
  }
}

/** Milliseconds before a client connects again. */
const leastRetryMs = 500;

/** Returns the line that tells a client when to connect again. */
function retryLine(refusal: Refusal | undefined): string {
  return `retry: ${leastRetryMs + (refusal?.retryAfterMs ?? 0)}\n\n`;
}
