import { type Queryable, statements } from '@parley/database';
import { refuse } from '@parley/runtime';

const sql = statements(import.meta.url);
const spend = sql<{ wait_ms: number }, [key: string, secondsPerAttempt: number, burst: number]>('spend');

/** How often something may be tried. */
export interface Rate {
  /** Begins the key of each row. */
  readonly key: string;
  readonly secondsPerAttempt: number;
  /** Attempts that may come at once. */
  readonly burst: number;
}

/** Of one address: it may be a whole office. */
export const loginOfAddress: Rate = { key: 'login-address', secondsPerAttempt: 1, burst: 50 };
/** Of one account: far higher, for these are others' failures, and nobody may lock its owner out for long. */
export const loginOfAccount: Rate = { key: 'login-account', secondsPerAttempt: 0.2, burst: 500 };
export const registerOfAddress: Rate = { key: 'register-address', secondsPerAttempt: 2, burst: 100 };

/**
 * Counts one attempt.
 * @throws {Refusal} `login-too-often`, with the milliseconds until the next one is free.
 */
export async function throttle(pool: Queryable, rate: Rate, who: string): Promise<void> {
  const [row] = await spend.run(pool, [`${rate.key}:${who}`, rate.secondsPerAttempt, rate.burst]);
  if (row?.wait_ms !== 0) throw refuse('login-too-often', { retryAfterMs: row?.wait_ms ?? 1 });
}
