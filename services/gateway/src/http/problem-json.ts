import { type Refusal, refusals } from '@parley/runtime';

/** Content type of `problemJson`. */
export const problemType = 'application/problem+json';

/** Returns an error by RFC 9457, with the reason and the retry hint of Parley. */
export function problemJson({ reason, message, retryAfterMs }: Refusal, status: number = refusals[reason].http) {
  const [type, title] = [`urn:parley:reason:${reason}`, refusals[reason].message];
  return { type, title, status, detail: message, reason, retry_after_ms: retryAfterMs };
}
