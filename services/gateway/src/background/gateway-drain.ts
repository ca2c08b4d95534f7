import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, type Part, type Refusal, refuse, repeat } from '@parley/runtime';

/** A stream that a drain ends. */
interface DrainedStream {
  /**
   * Tells the client how long the stream will still last, so that it can open another one first.
   * Absent if the transport cannot do this.
   */
  announceEnd?(inMs: number): void;
  end(refusal: Refusal): void;
}

/** A kind of streams of a gateway. */
export interface DrainedStreams {
  /** Refuses new streams from now on, with `draining`. */
  refuseNew(): void;
  readonly openStreams: readonly DrainedStream[];
}

export interface GatewayDrainOptions {
  readonly streams: readonly DrainedStreams[];
  /** Makes clients connect elsewhere. Called every second once the drain has begun. */
  readonly sendAway: () => void;
  /** Time limit of the drain when the process stops, in milliseconds. */
  readonly stopWithinMs: number;
  readonly log: Logger;
}

const everySecond = 1_000;
const stepMs = 50;
/** Minimum number of streams that one step ends: about 40 per second. */
const leastPerStep = 2;
/** Maximum time between the announcement and the end of a stream, in milliseconds. */
const longestNoticeMs = 5_000;
/**
 * Maximum delay, in milliseconds, before a client connects again. It is short, because the ends are
 * already spread over time.
 */
const comeBackMs = 200;

/** Returns up to `count` items, chosen at random. Reorders the given array. */
function takeAny<T>(items: T[], count: number): T[] {
  for (let at = 0; at < Math.min(count, items.length); at++) {
    const other = at + Math.floor(Math.random() * (items.length - at));
    [items[at], items[other]] = [items[other] as T, items[at] as T];
  }
  return items.slice(0, count);
}

/**
 * Ends all streams of this gateway, so that clients connect elsewhere. It takes the streams in
 * random order: about 40 per second, or more if that would take longer than the given time. If a
 * client can open its next stream first, the drain announces the end, and ends the stream later.
 * Unary calls work as usual, and new streams are refused. A drain cannot be undone.
 */
export class GatewayDrain implements Part {
  readonly #options: GatewayDrainOptions;
  /** End times of the streams whose end was announced. */
  readonly #ends = new WeakMap<DrainedStream, number>();
  readonly #ended = new WeakSet<DrainedStream>();
  #noticeMs = 0;
  #endsAt = Number.POSITIVE_INFINITY;
  #over: Promise<void> | undefined;
  #sendingAway: Part | undefined;

  constructor(options: GatewayDrainOptions) {
    this.#options = options;
  }

  /** True once the drain has begun. */
  get begun(): boolean {
    return this.#over !== undefined;
  }

  /**
   * Rejects once the drain has begun, for the readiness of the process.
   * @throws {Error} one sentence.
   */
  async checkNotBegun(): Promise<void> {
    if (this.begun) throw new Error('This gateway is draining.');
  }

  /**
   * Resolves when every stream has been ended. If called again, the earlier of the two deadlines
   * counts.
   */
  begin(withinMs: number): Promise<void> {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + withinMs);
    this.#over ??= Promise.resolve().then(() => this.#run());
    return this.#over;
  }

  async stop(): Promise<void> {
    await this.begin(this.#options.stopWithinMs);
    await this.#sendingAway?.stop();
  }

  async #run(): Promise<void> {
    const { streams, sendAway, log } = this.#options;
    const withinMs = this.#endsAt - performance.now();
    this.#noticeMs = Math.min(longestNoticeMs, withinMs / 2);
    log.info({ streams: this.#open().length, withinMs: Math.round(withinMs) }, 'draining');
    for (const kind of streams) kind.refuseNew();
    const failed = (err: unknown) => log.error({ err }, 'sending clients away failed');
    this.#sendingAway = repeat(everySecond, 0, async () => sendAway(), failed);
    for (let open = this.#open(); open.length > 0; open = this.#open()) {
      this.#takeTurns(open.filter((stream) => !this.#ends.has(stream)));
      this.#endDue(open);
      await pause(stepMs * (0.5 + Math.random()));
    }
    log.info('drained');
  }

  /** All streams except those that have been ended. */
  #open(): DrainedStream[] {
    return this.#options.streams.flatMap((kind) => kind.openStreams.filter((stream) => !this.#ended.has(stream)));
  }

  #takeTurns(waiting: DrainedStream[]): void {
    const steps = Math.floor((this.#endsAt - this.#noticeMs - performance.now()) / stepMs);
    const share = steps < 1 ? waiting.length : Math.ceil(waiting.length / steps);
    for (const stream of takeAny(waiting, Math.max(share, leastPerStep))) {
      const noticeMs = stream.announceEnd === undefined ? 0 : this.#noticeMs;
      this.#ends.set(stream, performance.now() + noticeMs);
      if (noticeMs > 0) stream.announceEnd?.(noticeMs);
    }
  }

  #endDue(open: readonly DrainedStream[]): void {
    const now = performance.now();
    for (const stream of open) {
      const endsAt = Math.min(this.#ends.get(stream) ?? Number.POSITIVE_INFINITY, this.#endsAt);
      if (endsAt > now) continue;
      this.#ended.add(stream);
      stream.end(refuse('draining', { retryAfterMs: Math.ceil(Math.random() * comeBackMs) }));
    }
  }
}
