import { type Reason, refusals } from './refusals.js';

const reasonByCode: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'message-too-large'],
  [12, 'not-implemented'],
  [14, 'unreachable'],
]);

/**
 * Returns the reason for a gRPC status code that came without a reason. Such codes come from the
 * transport.
 */
export function reasonOfCode(code: number): Reason {
  return reasonByCode.get(code) ?? 'internal';
}

/** Tests whether a word is a reason of the table. */
export function isReason(word: unknown): word is Reason {
  return typeof word === 'string' && Object.hasOwn(refusals, word);
}

/** Details of one refusal beyond its row in `refusals`. */
export interface RefusalDetail {
  /** Replaces the error text of the row. Must not contain anything that a client sent. */
  readonly message?: string;
  /** Replaces the retry hint of the row, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Cause for the log. Never sent. */
  readonly cause?: unknown;
}

/**
 * The error that a handler throws for its caller: a reason of the table, an error text and a retry
 * hint.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: Reason;
  /** Milliseconds until a retry can succeed. 0: do not retry unchanged. */
  readonly retryAfterMs: number;

  constructor(reason: Reason, detail: RefusalDetail = {}) {
    super(detail.message ?? refusals[reason].message, { cause: detail.cause });
    this.reason = reason;
    this.retryAfterMs = detail.retryAfterMs ?? refusals[reason].retryAfterMs ?? 0;
  }
}

/** Creates the refusal for a reason, to be thrown or sent. */
export function refuse(reason: Reason, detail?: RefusalDetail): Refusal {
  return new Refusal(reason, detail);
}

/** A refusal in the form of a frame of the contract. */
export interface SentRefusal {
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs: number;
}

/** Returns the refusal in a frame. A reason that this version does not know becomes `internal`. */
export function refusalFromFrame({ reason, message, retryAfterMs }: SentRefusal): Refusal {
  return refuse(isReason(reason) ? reason : 'internal', { message, retryAfterMs });
}

/**
 * Returns a thrown refusal as it is. Any other value becomes the cause of the refusal `internal`,
 * which has a fixed text.
 */
export function refusalFrom(thrown: unknown): Refusal {
  return thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown });
}
