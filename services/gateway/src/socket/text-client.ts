import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { InboxEvent } from '@parley/contract';
import { limits, type MemoryHolding, type Refusal, refuse } from '@parley/runtime';
import { Bucket, type BurstRate } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import { SocketPings } from './socket-pings.js';
import { TextStream } from './text-stream.js';

/** Maximum number of waiting frames of a client. Beyond that, nothing is read from its socket. */
const mostWaiting = 16;
/** Rate at which frames are handled. Any others wait in the socket. */
const frameRate: BurstRate = { burst: 100, perSecond: 50 };

/** A frame of a client. */
export interface TextFrame {
  readonly payload: Buffer;
  readonly isBinary: boolean;
}

/** Options of one client. */
export interface TextClientOptions {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  /** Handles a frame. The next one waits until the promise resolves. Must not throw. */
  readonly handle: (frame: TextFrame) => Promise<void>;
  /** Returns the frames for an event of the inbox. */
  readonly tell: (event: InboxEvent) => readonly string[];
  /** Returns the last frames. */
  readonly goodbye: (refusal: Refusal) => readonly string[];
  /** Called once, with the reason of the end. */
  readonly report: (reason: string) => void;
}

/** A client whose dialect has text frames. Handles one frame after the other. */
export class TextClient {
  readonly stream: TextStream;
  readonly #ws: WebSocket;
  readonly #handle: TextClientOptions['handle'];
  readonly #pings: SocketPings;
  readonly #frames: TextFrame[] = [];
  readonly #rate = new Bucket(frameRate);
  #isWorking = true;
  #blockedAtMs: number | undefined;

  /** The frames wait until `start`. */
  constructor({ ws, socket, handle, tell, goodbye, report }: TextClientOptions) {
    this.#ws = ws;
    this.#handle = handle;
    this.stream = new TextStream({ ws, socket, tell, goodbye, report });
    const onFlood = () => this.stream.end(refuse('send-too-fast'));
    this.#pings = new SocketPings(ws, { onSilence: () => this.stream.cut('idle'), onFlood });
    ws.on('message', (payload: Buffer, isBinary: boolean) => this.#receive({ payload, isBinary }));
    ws.on('error', () => {}); // `ws` has sent the close frame.
  }

  /** Begins to handle frames, with those that have arrived already. */
  start(): void {
    queueMicrotask(() => void this.#work());
  }

  /** Resolves when the client has read the earlier frames, or is gone. */
  whenTaken(): Promise<void> {
    if (!this.stream.isBlocked) return Promise.resolve();
    return new Promise((resolve) => this.stream.onDrain(resolve));
  }

  /** Pings the client, and cuts off one that reads nothing. */
  tick(nowMs: number, pingEveryMs: number, unread: MemoryHolding): void {
    if (this.stream.ended) return;
    unread.set(this.stream.unreadBytes);
    this.#blockedAtMs = this.stream.isBlocked ? (this.#blockedAtMs ?? nowMs) : undefined;
    if (this.#blockedAtMs !== undefined && nowMs - this.#blockedAtMs > limits.takenWithinMs)
      this.stream.cut('too-slow');
    else this.#pings.tick(nowMs, pingEveryMs);
  }

  #receive(frame: TextFrame): void {
    this.#pings.note();
    this.#frames.push(frame);
    if (this.#frames.length >= mostWaiting) this.#ws.pause();
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      await this.whenTaken();
      for (let waitMs = this.#rate.take(); waitMs > 0; waitMs = this.#rate.take()) await pause(waitMs);
      if (this.stream.ended) return;
      await this.#handle(frame);
      if (this.#ws.isPaused && this.#frames.length < mostWaiting) this.#ws.resume();
    }
    this.#isWorking = false;
  }
}
