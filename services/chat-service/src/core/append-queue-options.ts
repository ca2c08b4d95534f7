import type { Append } from './entry.js';

/** Figures of a batch whose outcome is known. */
export interface BatchResult {
  /** Number of entries, not counting those that met a lock or an error and were not written. */
  readonly rows: number;
  /** Number of times that the batch was sent. */
  readonly tries: number;
  /**
   * Milliseconds that the oldest entry waited before the batch was sent, and milliseconds from then
   * until the outcome was known.
   */
  readonly waitedMs: number;
  readonly tookMs: number;
}

export interface AppendQueueBounds {
  /** Maximum entries of one batch. */
  readonly rows: number;
  /** Maximum bytes of one batch. A larger entry is sent alone. */
  readonly batchBytes: number;
  /** Maximum bytes that may wait: in total, for one channel, and for one user. */
  readonly waitingBytes: number;
  readonly channelBytes: number;
  readonly userBytes: number;
}

export interface AppendQueueOptions {
  readonly append: Append;
  readonly pause: (ms: number) => Promise<void>;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly onBatch: (written: BatchResult) => void;
  /**
   * Called with the error of each attempt whose outcome is not known, and with errors that
   * callbacks throw.
   */
  readonly onDoubt: (cause: unknown) => void;
  /** Called with the first error of a batch that has entries the database could not write. */
  readonly onFailed: (cause: unknown) => void;
  readonly bounds: AppendQueueBounds;
  /**
   * Called for each batch. If it returns false, queued entries fail with `paused`. A batch already
   * sent is still finished.
   */
  readonly mayWrite: () => boolean;
  /**
   * Runs a callback at the end of this turn of the event loop: `setImmediate`, or a stub in tests.
   */
  readonly atTurnEnd: (run: () => void) => void;
}
