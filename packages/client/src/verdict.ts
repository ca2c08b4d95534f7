import type { Goodbye } from '@parley/contract';
import { type Refusal, refusalFromFrame, refuse } from '@parley/runtime/refusal';
import { type Reason, refusals, type StatusName } from '@parley/runtime/refusals';
import type { Hold } from './core/send-queue.js';

/** Reason for which a stream ended or a Listen was refused. */
export interface Verdict {
  readonly refusal: Refusal;
  /** Whether another Listen may succeed after this refusal. */
  readonly again: boolean;
  /** Whether the next attempt follows at once, without an event for the user. */
  readonly silently?: boolean;
}

const temporary: ReadonlySet<StatusName> = new Set([
  'UNAVAILABLE',
  'INTERNAL',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
]);
const curedByListen: ReadonlySet<Reason> = new Set(['seat-gone', 'too-slow']);

/** Returns whether another Listen may succeed after this refusal. */
export function worthAnotherListen({ reason, retryAfterMs }: Refusal): boolean {
  if (reason === 'replaced' || reason === 'banned') return false;
  return retryAfterMs > 0 || curedByListen.has(reason) || temporary.has(refusals[reason].status);
}

/** Returns the meaning of a stream that was cut because its server was silent for too long. */
export function verdictOfSilence(): Verdict {
  return { refusal: refuse('unreachable', { message: 'The server stopped sending.' }), again: true };
}

/**
 * Returns the delay, in milliseconds, that the server asked for. The hint of `unreachable` does not
 * come from the server.
 */
export function serverDelayMs({ reason, retryAfterMs }: Refusal): number {
  return reason === 'unreachable' ? 0 : retryAfterMs;
}

/**
 * Returns the meaning of the end of a stream. The goodbye decides, or else the status. An end
 * without either counts as a lost connection.
 */
export function verdictOfEnd(goodbye: Goodbye | undefined, status: Refusal | undefined): Verdict {
  if (goodbye !== undefined) return { refusal: refusalFromFrame(goodbye), again: goodbye.listenAgain };
  const refusal = status ?? refuse('unreachable', { message: 'The stream ended without a goodbye.' });
  return { refusal, again: worthAnotherListen(refusal) };
}

/**
 * Longest wait between two attempts, in milliseconds. It is short, because a channel admin may lift
 * the cause early.
 */
const longestHoldMs = 5_000;

/**
 * Returns the wait before a refused send is sent again, or undefined if the refusal is final. A
 * mute is final, because it may last for days.
 */
export function holdOf({ reason, retryAfterMs }: Refusal): Hold | undefined {
  if (retryAfterMs === 0 || reason === 'muted') return undefined;
  return { forMs: Math.min(retryAfterMs, longestHoldMs), laneOnly: reason === 'slow-mode' };
}
