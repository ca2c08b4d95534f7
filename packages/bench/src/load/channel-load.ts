import { ChannelBytes } from './channel-bytes.js';
import type { BenchSeat, Job } from './job.js';
import { payload, receiptUpTo } from './payload.js';
import type { BenchWire, StreamLine } from './wire.js';

/** One channel under load: its users, its sender, and the progress of each user. */
export class ChannelLoad {
  readonly bytes: ChannelBytes;
  readonly latenciesMs: number[] = [];
  readonly #channel: number;
  readonly #wire: BenchWire;
  readonly #window: number;
  readonly #sentAt: number[] = [];
  readonly #lines: StreamLine[] = [];
  #sending = false;
  #over = false;

  constructor(channel: number, users: number, wire: BenchWire, { window = 0 }: Job) {
    this.#channel = channel;
    this.#wire = wire;
    this.#window = window;
    this.bytes = new ChannelBytes(channel, users, wire);
  }

  /** Number of sent messages. */
  get sent(): number {
    return this.#sentAt.length;
  }

  /** Number of frames received by all users. */
  get received(): number {
    return this.bytes.listeners.reduce((sum, { frames }) => sum + frames, 0);
  }

  /** Whether every user has received every message. */
  get isComplete(): boolean {
    return this.bytes.listeners.every(({ frames }) => frames === this.sent);
  }

  /**
   * Joins the user with this index. If the index is above the number of counted users, the user
   * never reads.
   */
  async join(user: number, seat: BenchSeat): Promise<void> {
    if (user >= this.bytes.listeners.length) return this.#wire.stall(seat.headers);
    const onEnd = (why: string) => {
      if (!this.#over) this.bytes.faults.push(why);
    };
    const line = await this.#wire.open(seat.headers, { onBytes: (chunk) => this.#receive(user, chunk), onEnd });
    this.#lines[user] = line;
  }

  start(): void {
    this.#sending = true;
    this.#topUp();
  }

  stop(): void {
    this.#sending = false;
  }

  /** Notes that all streams that end from now on end as intended. */
  end(): void {
    this.#over = true;
  }

  /** Sends `count` messages in one write. */
  send(count: number): void {
    const now = performance.now();
    const first = this.sent;
    const frames = Array.from({ length: count }, (_, n) => this.#wire.frame(payload(this.#channel, first + n)));
    for (const _ of frames) this.#sentAt.push(now);
    this.#lines[0]?.write(Buffer.concat(frames));
  }

  /** Sends a receipt of every user, up to the last frame that the user has received. */
  sendReceipts(): void {
    for (const [user, line] of this.#lines.entries()) {
      const readSeq = this.bytes.listeners[user]?.frames ?? 0;
      line.write(this.#wire.frame(receiptUpTo(readSeq)));
    }
  }

  #receive(user: number, chunk: Buffer): void {
    const { listeners } = this.bytes;
    const listener = listeners[user];
    if (listener === undefined) return;
    const before = listener.frames;
    this.bytes.take(listener, chunk);
    if (user === listeners.length - 1) this.#noteLatencies(before, listener.frames);
    if (user === 0) this.#topUp();
  }

  #noteLatencies(from: number, to: number): void {
    const now = performance.now();
    for (let n = from; n < to; n++) this.latenciesMs.push(now - (this.#sentAt[n] ?? now));
  }

  #topUp(): void {
    const missing = this.#window - (this.sent - (this.bytes.listeners[0]?.frames ?? 0));
    if (this.#sending && missing > 0) this.send(missing);
  }
}
