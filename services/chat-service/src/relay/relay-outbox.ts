import { type Framing, messageCostBytes } from '@parley/fanout';
import type { MemoryHolding } from '@parley/runtime';
import type { MessageStream } from '../session/stream.js';

export interface RelayOutboxOptions {
  readonly stream: MessageStream;
  /** Counts the bytes that the gateway has not read. */
  readonly unread: MemoryHolding;
  /** Maximum bytes of responses that wait. */
  readonly maxBytes: number;
  /** Called once when more than `maxBytes` of responses wait. */
  readonly onOverflow: () => void;
}

/** Bytes of unsent frames beyond which follows wait for the stream. */
const fullBytes = 262_144;

/**
 * The outgoing half of a relay. It joins the frames of all follows in one turn of the event loop
 * into one write. While it is full, frames of follows wait in their rings, and responses wait here.
 */
export class RelayOutbox {
  readonly #options: RelayOutboxOptions;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Bytes of the write that blocks the stream. */
  #stuckBytes = 0;
  #isBlocked = false;
  #isScheduled = false;
  #waiting: (() => void)[] = [];

  constructor(options: RelayOutboxOptions) {
    this.#options = options;
  }

  /** Whether every follow has written all its frames, and the stream has taken them. */
  get isIdle(): boolean {
    return !this.#isBlocked && this.#waiting.length === 0;
  }

  /** Sends a response. */
  send(message: Uint8Array): void {
    const { stream, maxBytes, onOverflow } = this.#options;
    if (stream.ended) return;
    this.#add(stream.framing.join([message], message.length));
    if (this.#isBlocked && this.#waitingBytes > maxBytes) onOverflow();
  }

  /** Returns the sink of a follow with its own framing. */
  sink(framing: Framing) {
    const isEnded = () => this.#options.stream.ended;
    return {
      framing,
      get ended() {
        return isEnded();
      },
      write: (frames: Buffer) => this.#write(frames),
      onDrain: (listener: () => void) => this.#waiting.push(listener),
    };
  }

  get #isFull(): boolean {
    return this.#isBlocked || this.#bytes >= fullBytes;
  }

  get #waitingBytes(): number {
    return this.#bytes + this.#parts.length * messageCostBytes;
  }

  #write(frames: Buffer): boolean {
    this.#add(frames);
    return !this.#isFull;
  }

  #add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#isBlocked) this.#count();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(() => this.flush());
    }
  }

  /** Writes everything that waits. Runs automatically at the end of the turn. */
  flush(): void {
    this.#isScheduled = false;
    const { stream } = this.#options;
    if (this.#parts.length === 0 || this.#isBlocked || stream.ended) return;
    const joined = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    if (stream.write(joined)) this.#wake();
    else this.#block(joined.length);
    this.#count();
  }

  #block(bytes: number): void {
    this.#isBlocked = true;
    this.#stuckBytes = bytes;
    this.#options.stream.onDrain(() => {
      this.#isBlocked = false;
      this.#stuckBytes = 0;
      this.flush();
      this.#wake();
      this.#count();
    });
  }

  /**
   * Lets follows write until the outbox is full again. Those that have waited longest come first.
   */
  #wake(): void {
    while (!this.#isFull) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  #count(): void {
    this.#options.unread.set(this.#isBlocked ? this.#stuckBytes + this.#waitingBytes : 0);
  }

  /** Stops counting. Call it when the stream has ended. */
  end(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#waiting = [];
    this.#options.unread.set(0);
  }
}
