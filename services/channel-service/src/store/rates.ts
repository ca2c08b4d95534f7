import { type Queryable, statements } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';

const sql = statements(import.meta.url);
type Spacing = [key: string, secondsPerCall: number, burst: number];

const allow = sql<{ allowed: true }, Spacing>('allow');
const allowedIn = sql<{ ms: number }, Spacing>('allowed-in');

/** How often something may be done, and what is said to who does it more often. */
export interface Rate {
  /** Begins the key of each user's row. */
  readonly key: string;
  readonly secondsPerCall: number;
  /** Calls that may come at once. */
  readonly burst: number;
  readonly refusal: Reason;
}

/**
 * Counts one call of a user.
 * @throws {Refusal} the rate's own, with the milliseconds until the next call is free.
 */
export async function spend(pool: Queryable, rate: Rate, userId: string): Promise<void> {
  const spacing: Spacing = [`${rate.key}:${userId}`, rate.secondsPerCall, rate.burst];
  if ((await allow.run(pool, spacing)).length > 0) return;
  const [wait] = await allowedIn.run(pool, spacing);
  throw refuse(rate.refusal, { retryAfterMs: Math.max(1, wait?.ms ?? 1) });
}
