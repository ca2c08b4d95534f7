import { PrivateAddress } from '../outbound/public-hosts.js';
import type { PublicAnswer } from '../outbound/public-post.js';

/**
 * Outcome of a request to a push service. `gone`: the subscription does not exist any more. `later`:
 * try again after `afterMs`, or after a time of the caller's choice. `never`: the push service will
 * refuse this message again.
 */
export type PushOutcome =
  | { readonly type: 'sent' | 'gone' | 'never'; readonly why: string }
  | { readonly type: 'later'; readonly afterMs: number | undefined; readonly why: string };

/** Returns the outcome of a response of a push service. */
export function outcomeOf({ status, retryAfterMs: afterMs }: PublicAnswer): PushOutcome {
  const why = `status ${status}`;
  if (status >= 200 && status < 300) return { type: 'sent', why };
  if (status === 404 || status === 410) return { type: 'gone', why };
  // 401 and 403 may come from a clock that is wrong, or from a key that has changed.
  if ([401, 403, 408, 429].includes(status) || status >= 500) return { type: 'later', afterMs, why };
  return { type: 'never', why };
}

/** Returns the outcome for a request that failed without an answer. */
export function outcomeOfFailure(thrown: unknown): PushOutcome {
  if (thrown instanceof PrivateAddress) return { type: 'gone', why: thrown.message };
  return { type: 'later', afterMs: undefined, why: String(thrown) };
}
