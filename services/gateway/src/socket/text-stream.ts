import type { Duplex } from 'node:stream';
import { InboxEvent } from '@parley/contract';
import type { Framing } from '@parley/fanout';
import type { Refusal } from '@parley/runtime';
import { WebSocket } from 'ws';
import type { InboxStream } from '../inbox/stream.js';
import { closeCodeOf } from './close-codes.js';

const lengthBytes = 4;

/** Framing that puts the length of each event before the event. */
const framing: Framing = {
  overheadBytes: lengthBytes,
  join: (events) =>
    Buffer.concat(
      events.flatMap((event) => {
        const length = Buffer.alloc(lengthBytes);
        length.writeUInt32BE(event.length);
        return [length, event];
      }),
    ),
};

function eventsIn(frames: Buffer): InboxEvent[] {
  const events: InboxEvent[] = [];
  for (let at = 0; at < frames.length; ) {
    const start = at + lengthBytes;
    at = start + frames.readUInt32BE(at);
    events.push(InboxEvent.decode(frames.subarray(start, at)));
  }
  return events;
}

/** Options of a stream of text frames. */
export interface TextStreamOptions {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  /** Returns the frames of an event. */
  readonly tell: (event: InboxEvent) => readonly string[];
  /** Returns the last frames. */
  readonly goodbye: (refusal: Refusal) => readonly string[];
  /** Called once, with the reason of the end. */
  readonly report: (reason: string) => void;
}

/**
 * The inbox of a client on a WebSocket, whose dialect turns each event into text frames. Events wait
 * while the client reads too slowly, and while the stream is held.
 */
export class TextStream implements InboxStream {
  readonly framing = framing;
  readonly #options: TextStreamOptions;
  #waiting: InboxEvent[] = [];
  #drains: (() => void)[] = [];
  #isHeld = false;
  #isOver = false;

  constructor(options: TextStreamOptions) {
    this.#options = options;
    options.socket.on('drain', () => this.#goOn());
    options.ws.once('close', () => this.#over('cancelled'));
  }

  get ended(): boolean {
    return this.#isOver || this.#options.ws.readyState !== WebSocket.OPEN;
  }

  /** Whether earlier writes still wait for the client. */
  get isBlocked(): boolean {
    return !this.ended && this.#options.socket.writableNeedDrain;
  }

  /** Bytes that the client has not read. */
  get unreadBytes(): number {
    return this.#options.ws.bufferedAmount;
  }

  write(frames: Buffer): boolean {
    this.#waiting.push(...eventsIn(frames));
    return this.#flush();
  }

  onDrain(listener: () => void): void {
    this.#drains.push(listener);
  }

  onClose(listener: () => void): void {
    if (this.#options.ws.readyState === WebSocket.CLOSED) queueMicrotask(listener);
    else this.#options.ws.once('close', listener);
  }

  /** Sends frames that answer a command. */
  send(frames: readonly string[]): void {
    if (!this.ended) for (const frame of frames) this.#options.ws.send(frame);
  }

  /** Makes the events wait. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#goOn();
  }

  end(refusal?: Refusal): void {
    if (this.ended) return;
    if (refusal !== undefined) this.send(this.#options.goodbye(refusal));
    this.#options.ws.close(refusal === undefined ? 1_000 : closeCodeOf(refusal.reason), refusal?.reason);
    this.#over(refusal?.reason ?? 'ok');
  }

  reset(): void {
    this.cut('too-slow');
  }

  /** Cuts the connection without a goodbye. */
  cut(reason: string): void {
    this.#over(reason);
    this.#options.ws.terminate();
  }

  /** Writes events until one must wait. Returns whether all were written. */
  #flush(): boolean {
    while (this.#waiting.length > 0 && !this.ended) {
      if (this.#isHeld || this.isBlocked) return false;
      this.send(this.#options.tell(this.#waiting.shift() as InboxEvent));
    }
    return this.ended || !(this.#isHeld || this.isBlocked);
  }

  #goOn(): void {
    if (this.#flush()) for (const listener of this.#drains.splice(0)) listener();
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.#options.report(reason);
    for (const listener of this.#drains.splice(0)) listener();
  }
}
