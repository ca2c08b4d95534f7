import { Refusal, refuse } from '@parley/runtime/refusal';
import { type Reason, refusals } from '@parley/runtime/refusals';

interface Problem {
  readonly reason?: string;
  readonly detail?: string;
  readonly retry_after_ms?: number;
}

function problemIn(text: string): Problem {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Returns the refusal of a response of the REST API. `text` is its body. */
export function refusalOf(status: number, text: string): Refusal {
  const { reason = '', detail, retry_after_ms: retryAfterMs } = problemIn(text);
  if (!Object.hasOwn(refusals, reason))
    return refuse('unreachable', { message: `The gateway responds with HTTP ${status}.` });
  return refuse(reason as Reason, {
    ...(detail !== undefined && { message: detail }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Returns the refusal for a request that got no response. */
export function unreachable(cause: unknown): Refusal {
  return cause instanceof Refusal
    ? cause
    : refuse('unreachable', { message: 'The gateway cannot be reached. Try again.', cause });
}
