import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** Faults of one direction of a connection. */
export interface LinkFaults {
  /** Added delay, in milliseconds. */
  readonly delayMs: number;
  /** Bandwidth in bytes per second; infinite for no limit. */
  readonly bytesPerSecond: number;
  /** Maximum size of one write, in bytes; infinite for no limit. */
  readonly sliceBytes: number;
  /**
   * Whether the link is a black hole: nothing passes and nothing is closed. Held data passes once
   * this is off, as if TCP had retransmitted it.
   */
  readonly hole: boolean;
}

/** The values of a link without faults. */
export const noFaults: LinkFaults = {
  delayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  sliceBytes: Number.POSITIVE_INFINITY,
  hole: false,
};

/** Faults that can change while connections are open. */
export class FaultSwitch {
  #faults = noFaults;
  #waiters: (() => void)[] = [];

  /** The current faults. */
  get now(): LinkFaults {
    return this.#faults;
  }

  /** Changes the given faults and keeps the others. */
  set(faults: Partial<LinkFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Resolves at the next change. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}

/**
 * Breaks a connection. Works around a bug of Node 20: a handle that is reset while its end is being
 * sent leaks, and the process never exits.
 */
export function breakSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

/** Data, the end of a direction, or a broken connection. */
type Piece = Buffer | 'end' | 'reset';

const heldBytes = 262_144;

/**
 * One direction of a proxied connection. It holds at most a quarter of a megabyte; backpressure
 * keeps the rest at the sender.
 */
export class FaultPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #switches: readonly FaultSwitch[];
  readonly #queue: { readonly piece: Piece; readonly dueMs: number }[] = [];
  #held = 0;
  #wake: () => void = () => {};

  /**
   * Creates a pipe with the faults of all switches. Of each kind of fault, the worst one applies.
   */
  constructor(from: Socket, to: Socket, switches: readonly FaultSwitch[]) {
    this.#from = from;
    this.#to = to;
    this.#switches = switches;
    from.on('data', (bytes: Buffer) => this.#enqueue(bytes));
    from.on('end', () => this.#enqueue('end'));
    from.on('error', () => this.#enqueue('reset'));
    to.on('close', () => this.#wake());
    void this.#run();
  }

  get #faults(): LinkFaults {
    const all = this.#switches.map(({ now }) => now);
    return {
      delayMs: Math.max(...all.map(({ delayMs }) => delayMs)),
      bytesPerSecond: Math.min(...all.map(({ bytesPerSecond }) => bytesPerSecond)),
      sliceBytes: Math.min(...all.map(({ sliceBytes }) => sliceBytes)),
      hole: all.some(({ hole }) => hole),
    };
  }

  #enqueue(piece: Piece): void {
    this.#queue.push({ piece, dueMs: performance.now() + this.#faults.delayMs });
    this.#held += Buffer.isBuffer(piece) ? piece.length : 0;
    if (this.#held >= heldBytes) this.#from.pause();
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#to.destroyed) {
      const next = this.#queue.shift();
      if (next === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else {
        const waitMs = next.dueMs - performance.now();
        if (waitMs > 0) await pause(waitMs, undefined, { ref: false });
        await this.#waitForHole();
        await this.#pass(next.piece);
      }
    }
    this.#from.resume(); // Further data is read and dropped.
  }

  async #waitForHole(): Promise<void> {
    while (this.#faults.hole) await Promise.race(this.#switches.map((one) => one.changed()));
  }

  async #pass(piece: Piece): Promise<void> {
    if (piece === 'end') this.#to.end();
    else if (piece === 'reset') breakSocket(this.#to);
    else {
      await this.#write(piece);
      this.#held -= piece.length;
      if (this.#held < heldBytes) this.#from.resume();
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#to.destroyed; ) {
      const { sliceBytes, bytesPerSecond } = this.#faults;
      // A slower link gets smaller pieces, 20 per second.
      const size = Math.max(1, Math.min(sliceBytes, bytes.length - at, bytesPerSecond / 20));
      const slice = bytes.subarray(at, at + size);
      at += slice.length;
      const hasRoom = this.#to.write(slice);
      const paceMs = (slice.length / bytesPerSecond) * 1_000;
      if (paceMs > 0) await pause(paceMs);
      else if (Number.isFinite(sliceBytes)) await new Promise(setImmediate); // Otherwise the slices would be joined.
      if (!hasRoom) await this.#waitForDrain();
      await this.#waitForHole();
    }
  }

  #waitForDrain(): Promise<void> {
    if (this.#to.destroyed || !this.#to.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        this.#to.off('drain', go).off('close', go);
        resolve();
      };
      this.#to.on('drain', go).on('close', go);
    });
  }
}
