import { type Reason, refusals } from './refusals.js';

/** What a refusal may say beyond its row of the table. */
export interface RefusalDetail {
  /** Replaces the row's words; never carries what a client sent. */
  readonly words?: string;
  /** Milliseconds; replaces the row's hint. */
  readonly retryAfterMs?: number;
  /** For the log only; never sent. */
  readonly cause?: unknown;
}

/** The one error that leaves a door: a reason from the table, its words, and when to try again. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: Reason;
  /** 0: do not retry as is. */
  readonly retryAfterMs: number;

  constructor(reason: Reason, detail: RefusalDetail = {}) {
    super(detail.words ?? refusals[reason].words, { cause: detail.cause });
    this.reason = reason;
    this.retryAfterMs = detail.retryAfterMs ?? refusals[reason].retryAfterMs ?? 0;
  }
}

/** Builds the refusal for a reason, to be thrown or sent. */
export function refuse(reason: Reason, detail?: RefusalDetail): Refusal {
  return new Refusal(reason, detail);
}

/** Whatever was thrown, as a refusal: anything that is not one becomes `internal` with fixed words and keeps its cause. */
export function refusalFrom(thrown: unknown): Refusal {
  return thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown });
}
