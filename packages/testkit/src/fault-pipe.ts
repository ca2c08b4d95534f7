import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** What is wrong with one direction of a connection. */
export interface LinkFaults {
  /** Milliseconds that everything takes longer. */
  readonly delayMs: number;
  /** What gets through in a second; infinite: as much as comes. */
  readonly bytesPerSecond: number;
  /** The largest piece that is written at once; infinite: as it comes. */
  readonly sliceBytes: number;
  /** A black hole: nothing gets through and nothing is closed, until it is over; then TCP's retransmission would bring it. */
  readonly hole: boolean;
}

export const noFaults: LinkFaults = {
  delayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  sliceBytes: Number.POSITIVE_INFINITY,
  hole: false,
};

/** Faults that can be changed while connections have them. */
export class FaultSwitch {
  #faults = noFaults;
  #waiting: (() => void)[] = [];

  get now(): LinkFaults {
    return this.#faults;
  }

  /** The named ones change, the others stay. */
  set(faults: Partial<LinkFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const wake of this.#waiting.splice(0)) wake();
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Breaks a connection. Node 20 loses a handle that is reset while its end is on its way, and then never exits. */
export function breakSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

/** Bytes, the end of a direction, or a connection that broke. */
type Piece = Buffer | 'end' | 'reset';

const heldBytes = 262_144;

/** One direction of a proxied connection. It holds a quarter of a megabyte at most; the rest waits at who sends it. */
export class FaultPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #switches: readonly FaultSwitch[];
  readonly #queue: { readonly piece: Piece; readonly dueMs: number }[] = [];
  #held = 0;
  #wake: () => void = () => {};

  /** The faults of all switches count; of each kind the worst. */
  constructor(from: Socket, to: Socket, switches: readonly FaultSwitch[]) {
    this.#from = from;
    this.#to = to;
    this.#switches = switches;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#take('end'));
    from.on('error', () => this.#take('reset'));
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

  #take(piece: Piece): void {
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
        if (waitMs > 0) await pause(waitMs);
        await this.#passHole();
        await this.#pass(next.piece);
      }
    }
    this.#from.resume(); // what comes now is read and dropped
  }

  async #passHole(): Promise<void> {
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
      // A slower link takes smaller pieces: 20 of them a second.
      const size = Math.max(1, Math.min(sliceBytes, bytes.length - at, bytesPerSecond / 20));
      const slice = bytes.subarray(at, at + size);
      at += slice.length;
      const hasRoom = this.#to.write(slice);
      const paceMs = (slice.length / bytesPerSecond) * 1_000;
      if (paceMs > 0) await pause(paceMs);
      else if (Number.isFinite(sliceBytes)) await new Promise(setImmediate); // or the slices are joined again
      if (!hasRoom) await this.#room();
      await this.#passHole();
    }
  }

  #room(): Promise<void> {
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
