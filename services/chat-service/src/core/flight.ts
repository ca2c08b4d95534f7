import type { Append, BatchOutcome, Track } from './entry.js';
import type { QueuedEntry } from './fair-queue.js';

/** A batch whose outcome is a fact. */
export interface BatchResult {
  /** Its entries without those that met a lock: of them nothing was written. */
  readonly rows: number;
  /** How often it was sent. */
  readonly tries: number;
  /** How long its oldest entry waited for it to be sent, and how long its outcome took from there. */
  readonly waitedMs: number;
  readonly tookMs: number;
}

export interface FlightOptions {
  readonly append: Append;
  readonly pause: (ms: number) => Promise<void>;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly onBatch: (written: BatchResult) => void;
  /** Told of each try whose outcome is not known, and of what is thrown by those who are told. */
  readonly onDoubt: (cause: unknown) => void;
}

const firstPauseMs = 20;
const longestPauseMs = 500;

/** Sends a batch until its outcome is a fact. */
export async function untilKnown(
  batch: readonly QueuedEntry[],
  track: Track,
  { append, now, onBatch, onDoubt, pause }: FlightOptions,
): Promise<readonly BatchOutcome[]> {
  const entries = batch.map(({ entry }) => entry);
  const sentMs = now();
  const waitedMs = batch.reduce((longest, { sinceMs }) => Math.max(longest, sentMs - sinceMs), 0);
  for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const outcomes = await append(entries, { again: tries > 1, track });
      const rows = outcomes.filter(({ is }) => is !== 'busy').length;
      if (rows > 0) onBatch({ rows, tries, waitedMs, tookMs: now() - sentMs });
      return outcomes;
    } catch (cause) {
      onDoubt(cause);
      await pause(pauseMs);
    }
  }
}
