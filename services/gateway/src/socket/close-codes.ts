import { type Reason, refusals } from '@parley/runtime';

/** Base of the close codes, in the range that WebSocket leaves to applications. */
const base = 4_000;

/** Returns the close code of a refusal: 4000 plus its HTTP status, for example 4401. */
export function closeCodeOf(reason: Reason): number {
  return base + refusals[reason].http;
}

/** Reasons that have no retry hint, but after which a client may connect again and resume. */
const resumable: ReadonlySet<Reason> = new Set<Reason>(['too-slow', 'long-stream', 'idle', 'internal']);

/** Returns whether a client may connect again with the same token, once `retry_after_ms` is over. */
export function mayReconnect(reason: Reason): boolean {
  return resumable.has(reason) || 'retryAfterMs' in refusals[reason];
}
