import type { Append, BatchOutcome, Track } from './entry.js';
import type { QueuedEntry } from './fair-queue.js';

/** Figures of a batch whose outcome is known. */
export interface BatchResult {
  /** Number of entries, without those that met a lock and were not written. */
  readonly rows: number;
  /** Number of times it was sent. */
  readonly tries: number;
  /**
   * Milliseconds that its oldest entry waited until the batch was sent, and from there to the
   * outcome.
   */
  readonly waitedMs: number;
  readonly tookMs: number;
}

export interface FlightOptions {
  readonly append: Append;
  readonly pause: (ms: number) => Promise<void>;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly onBatch: (written: BatchResult) => void;
  /**
   * Called with the error of each try whose outcome is not known, and with errors thrown by
   * callbacks.
   */
  readonly onDoubt: (cause: unknown) => void;
}

const firstPauseMs = 20;
const longestPauseMs = 500;

/** Sends a batch until its outcome is known. Returns one outcome per entry. */
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
      const outcomes = await append(entries, { isRetry: tries > 1, track });
      const rows = outcomes.filter(({ is }) => is !== 'busy').length;
      if (rows > 0) onBatch({ rows, tries, waitedMs, tookMs: now() - sentMs });
      return outcomes;
    } catch (cause) {
      onDoubt(cause);
      await pause(pauseMs);
    }
  }
}
