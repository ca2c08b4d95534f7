import { type Reason, type Refusal, refuse } from '@parley/runtime';
import type { StartingReader } from './missed.js';
import type { InboxReader } from './reader.js';

/** Maximum number of readers that start in one round. */
export const mostPerRound = 100;
/** Maximum number of readers that wait for a round. */
const maxWaiting = 2_000;
/**
 * Time for which rounds are tried again if they fail because the database is slow or away. A reader
 * that comes meanwhile waits as long.
 */
const retryForMs = 10_000;
/** Reasons of a failed round after which its readers are tried again. */
const retriedRounds: ReadonlySet<Reason> = new Set<Reason>(['database-away', 'too-busy']);

/** A reader that waits for the round in which it starts. */
export interface WaitingReader extends StartingReader {
  readonly reader: InboxReader;
}

interface QueuedReader extends WaitingReader {
  readonly sinceMs: number;
}

/** The readers that wait for a round, in the order in which they came. */
export class StartQueue {
  #waiting: QueuedReader[] = [];
  /** Readers of the round that is being read. */
  #inRound: readonly QueuedReader[] = [];
  /** Number of readers in the next round: fewer after a failure, because the round may have been too large. */
  #perRound = mostPerRound;
  /** Monotonic time of the first failure since the last successful round; undefined if none has failed. */
  #failingSinceMs: number | undefined;

  /** Number of readers that wait, including those of the present round. */
  get size(): number {
    return this.#waiting.length + this.#inRound.length;
  }

  /** Whether readers wait for another round than the present one. */
  get hasMore(): boolean {
    return this.#waiting.length > 0;
  }

  /** All readers that wait. */
  get readers(): InboxReader[] {
    return [...this.#inRound, ...this.#waiting].map(({ reader }) => reader);
  }

  /**
   * Checks that another reader may wait.
   * @throws {Refusal} `too-busy`
   */
  check(): void {
    if (this.#waiting.length >= maxWaiting) throw refuse('too-busy');
  }

  add(one: WaitingReader): void {
    this.#waiting.push({ ...one, sinceMs: performance.now() });
  }

  forget(reader: InboxReader): void {
    this.#waiting = this.#waiting.filter((one) => one.reader !== reader);
  }

  /** Takes the readers of the next round. */
  take(): readonly WaitingReader[] {
    this.#inRound = this.#waiting.splice(0, this.#perRound);
    return this.#inRound;
  }

  /**
   * Notes that the round was read. The readers for which it had no room wait for the next one.
   * Returns the others.
   */
  succeed(isServed: (one: WaitingReader) => boolean): readonly WaitingReader[] {
    this.#failingSinceMs = undefined;
    this.#perRound = Math.min(mostPerRound, 2 * this.#perRound);
    this.#waiting.unshift(...this.#open.filter((one) => !isServed(one)));
    return this.#open.filter(isServed);
  }

  /**
   * Notes that the round failed. Its readers wait for the next one, which has half as many. Refuses
   * all that have waited for long while rounds failed, and those of the round if the database was not
   * just slow or away.
   */
  fail(why: Refusal): void {
    const nowMs = performance.now();
    const isRetried = retriedRounds.has(why.reason);
    this.#failingSinceMs ??= nowMs;
    this.#perRound = Math.max(1, Math.floor(this.#perRound / 2));
    if (isRetried) this.#waiting.unshift(...this.#open);
    else for (const { reader } of this.#inRound) reader.end(why);
    if (nowMs - this.#failingSinceMs < retryForMs) return;
    for (const { reader, sinceMs } of [...this.#waiting]) if (nowMs - sinceMs >= retryForMs) reader.end(why);
  }

  /** Notes that the round was handled. */
  endRound(): void {
    this.#inRound = [];
  }

  /** Readers of the present round that have not ended. */
  get #open(): readonly QueuedReader[] {
    return this.#inRound.filter(({ reader }) => !reader.hasEnded);
  }
}
