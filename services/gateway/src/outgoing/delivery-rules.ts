import { limits } from '@parley/runtime';
import { PrivateAddress } from '../outbound/public-hosts.js';
import type { PublicAnswer } from '../outbound/public-post.js';

/** Number of attempts at one entry. After the last attempt, the entry is a dead letter. */
export const mostAttempts = 20;
const firstWaitMs = 10_000;
const longestWaitMs = 6 * 3_600_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Milliseconds of failures without a success after which a webhook is disabled. */
const longestFailingMs = 3 * 86_400_000;
const whyCharacters = 200;

/** Outcome of one attempt. `gone`: the receiver wants no more events. */
export type DeliveryOutcome =
  | { readonly type: 'sent' }
  | { readonly type: 'failed' | 'gone'; readonly afterMs: number | undefined; readonly why: string };

/** Reason for which a webhook is disabled. `creator`: its creator may no longer manage the chat. */
export type DisabledReason = 'gone' | 'failing' | 'dead-letters' | 'creator';

/** Failures of a webhook so far, including the attempt that has just failed. */
export interface FailureFacts {
  readonly isGone: boolean;
  /** Milliseconds since the first failure after the last success. */
  readonly failingMs: number;
  readonly deadLetters: number;
}

/** Returns a time that is up to a fifth shorter or longer. `random` is a number from 0 to 1. */
function spread(ms: number, random: number): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}

/**
 * Returns the milliseconds until the next attempt at an entry, after a number of attempts: 10 s, and
 * twice as long each time, up to 6 h, but at least as long as the receiver asks. Returns undefined
 * after the last attempt. All attempts together take about two days.
 */
export function waitAfterAttempts(
  attempts: number,
  askedMs: number | undefined,
  random = Math.random(),
): number | undefined {
  if (attempts >= mostAttempts) return undefined;
  return Math.max(spread(Math.min(firstWaitMs * 2 ** (attempts - 1), longestWaitMs), random), askedMs ?? 0);
}

/**
 * Returns the milliseconds in which a webhook sends nothing, after a number of failures in a row: a
 * second, and twice as long each time, up to a minute, but at least as long as the receiver asks.
 */
export function pauseAfterFailures(failures: number, askedMs: number | undefined, random = Math.random()): number {
  return Math.max(
    spread(Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 30), longestPauseMs), random),
    askedMs ?? 0,
  );
}

/** Returns why a webhook is disabled after a failure, or undefined if it is not. */
export function disabledBy({ isGone, failingMs, deadLetters }: FailureFacts): DisabledReason | undefined {
  if (isGone) return 'gone';
  if (failingMs >= longestFailingMs) return 'failing';
  return deadLetters >= limits.webhookFailures ? 'dead-letters' : undefined;
}

/** Returns the outcome of a response: any 2xx is a success. */
export function outcomeOfAnswer({ status, retryAfterMs: afterMs }: PublicAnswer): DeliveryOutcome {
  if (status >= 200 && status < 300) return { type: 'sent' };
  return { type: status === 410 ? 'gone' : 'failed', afterMs, why: `status ${status}` };
}

/** Returns the outcome of a request that got no response. */
export function outcomeWithoutAnswer(thrown: unknown): DeliveryOutcome {
  const why = thrown instanceof PrivateAddress ? thrown.message : String(thrown);
  return { type: 'failed', afterMs: undefined, why: why.slice(0, whyCharacters) };
}
