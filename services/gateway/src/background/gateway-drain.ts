import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, type Part, type Refusal, refuse, repeat } from '@parley/runtime';

/** A stream that a drain ends. */
interface DrainedStream {
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
/** Minimum number of streams that end in a step: about 100 per second. */
const leastPerStep = 5;
/**
 * Maximum delay, in milliseconds, before a client connects again. It is short, because the ends are
 * spread already.
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
 * Ends all streams of this gateway one by one, in random order, so that clients reconnect elsewhere:
 * about 100 per second, or more if that would take longer than the given time. Unary calls work as
 * usual, and new streams are refused. A drain cannot be undone.
 */
export class GatewayDrain implements Part {
  readonly #options: GatewayDrainOptions;
  readonly #ended = new WeakSet<DrainedStream>();
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
    log.info({ streams: this.#left().length, withinMs: Math.round(this.#endsAt - performance.now()) }, 'draining');
    for (const kind of streams) kind.refuseNew();
    const failed = (err: unknown) => log.error({ err }, 'sending clients away failed');
    this.#sendingAway = repeat(everySecond, 0, async () => sendAway(), failed);
    for (let left = this.#left(); left.length > 0; left = this.#left()) {
      const steps = Math.floor((this.#endsAt - performance.now()) / stepMs);
      const share = steps < 1 ? left.length : Math.ceil(left.length / steps);
      for (const stream of takeAny(left, Math.max(share, leastPerStep))) this.#end(stream);
      await pause(stepMs * (0.5 + Math.random()));
    }
    log.info('drained');
  }

  #left(): DrainedStream[] {
    return this.#options.streams.flatMap((kind) => kind.openStreams.filter((stream) => !this.#ended.has(stream)));
  }

  #end(stream: DrainedStream): void {
    this.#ended.add(stream);
    stream.end(refuse('draining', { retryAfterMs: Math.ceil(Math.random() * comeBackMs) }));
  }
}
