import type { Goodbye } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime/refusal';
import { isReason, type Reason, refusals, type StatusName } from '@parley/runtime/refusals';
import type { Hold } from './core/exchange.js';

/** Why a stream ended or a Listen was refused, and whether another Listen may go better. */
export interface Verdict {
  readonly refusal: Refusal;
  readonly again: boolean;
}

const passing: ReadonlySet<StatusName> = new Set([
  'UNAVAILABLE',
  'INTERNAL',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
]);
const mended: ReadonlySet<Reason> = new Set(['seat-gone', 'too-slow']);

/** Whether another Listen may go better after this refusal. */
export function worthAnotherListen({ reason, retryAfterMs }: Refusal): boolean {
  if (reason === 'replaced') return false;
  return retryAfterMs > 0 || mended.has(reason) || passing.has(refusals[reason].status);
}

/** What a server said in band, as a refusal; a word that this version does not know is `internal`. */
export function refusalOf(said: Pick<Goodbye, 'reason' | 'message' | 'retryAfterMs'>): Refusal {
  const { reason, message, retryAfterMs } = said;
  return refuse(isReason(reason) ? reason : 'internal', { words: message, retryAfterMs });
}

/** What the end of a stream means: what its goodbye says, else its status; an end without either is a lost connection. */
export function verdictOfEnd(goodbye: Goodbye | undefined, status: Refusal | undefined): Verdict {
  if (goodbye !== undefined) return { refusal: refusalOf(goodbye), again: goodbye.listenAgain };
  const refusal = status ?? refuse('unreachable', { words: 'the stream ended without a goodbye' });
  return { refusal, again: worthAnotherListen(refusal) };
}

/** A moderator may end a wait early, so it is not slept through. */
const looksAgainMs = 5_000;

/** What becomes of a send that was refused; undefined: the refusal is final. A mute is: it may last for days. */
export function holdOf({ reason, retryAfterMs }: Refusal): Hold | undefined {
  if (retryAfterMs === 0 || reason === 'muted') return undefined;
  return { forMs: Math.min(retryAfterMs, looksAgainMs), laneOnly: reason === 'slow-mode' };
}
