import { payloadError } from './payload.js';
import type { BenchWire } from './wire.js';

/** Progress of one user of a channel. */
export class Listener {
  offset = 0;
  frames = 0;
}

/**
 * The bytes that the users of one channel receive. All users receive the same bytes, so the first
 * copy is decoded and checked (content, order, no gap), and every other copy is only compared with
 * the first. This makes a full check cheap.
 */
export class ChannelBytes {
  readonly listeners: readonly Listener[];
  readonly faults: string[] = [];
  readonly #channel: number;
  readonly #wire: BenchWire;
  /** Bytes from the offset `#base` on. */
  #bytes = Buffer.allocUnsafe(1 << 18);
  #base = 0;
  #head = 0;
  #parsed = 0;
  #counted = { offset: 0, frames: 0 };
  /** Offsets at which frames end. */
  readonly #ends: number[] = [];

  constructor(channel: number, users: number, wire: BenchWire) {
    this.#channel = channel;
    this.#wire = wire;
    this.listeners = Array.from({ length: users }, () => new Listener());
  }

  /** Adds bytes that a listener received, and updates its frame count. */
  take(listener: Listener, chunk: Buffer): void {
    const known = Math.min(chunk.length, this.#head - listener.offset);
    const at = listener.offset - this.#base;
    if (chunk.compare(this.#bytes, at, at + known, 0, known) !== 0) this.#fault('a listener received other bytes');
    if (known < chunk.length) this.#append(chunk.subarray(known));
    listener.offset += chunk.length;
    listener.frames = this.#framesUpTo(listener.offset, listener.frames);
  }

  /**
   * Counts frames up to an offset. The result is cached, because listeners reach the same offset
   * one after the other.
   */
  #framesUpTo(offset: number, from: number): number {
    if (offset === this.#counted.offset) return this.#counted.frames;
    let frames = from;
    while ((this.#ends[frames] ?? Number.POSITIVE_INFINITY) <= offset) frames += 1;
    this.#counted = { offset, frames };
    return frames;
  }

  #append(fresh: Buffer): void {
    if (this.#head - this.#base + fresh.length > this.#bytes.length) this.#makeSpace(fresh.length);
    fresh.copy(this.#bytes, this.#head - this.#base);
    this.#head += fresh.length;
    this.#parse();
  }

  /**
   * Makes room for `bytes` more. Drops the bytes that everyone has received, and grows the buffer
   * if that is not enough.
   */
  #makeSpace(bytes: number): void {
    const base = Math.min(this.#parsed, ...this.listeners.map(({ offset }) => offset));
    const kept = this.#bytes.subarray(base - this.#base, this.#head - this.#base);
    const size = kept.length + bytes > this.#bytes.length / 2 ? this.#bytes.length * 2 + bytes : this.#bytes.length;
    const next = Buffer.allocUnsafe(size);
    kept.copy(next);
    this.#bytes = next;
    this.#base = base;
  }

  #parse(): void {
    const bytes = this.#bytes.subarray(0, this.#head - this.#base);
    for (;;) {
      const found = this.#wire.bounds(bytes, this.#parsed - this.#base);
      if (found === undefined) return;
      const fault = payloadError(bytes.subarray(found.start, found.end), this.#channel, this.#ends.length);
      if (fault !== undefined) this.#fault(fault);
      this.#parsed = this.#base + found.end;
      this.#ends.push(this.#parsed);
    }
  }

  #fault(why: string): void {
    if (this.faults.length < 3) this.faults.push(why);
  }
}
