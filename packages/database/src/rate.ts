import { type Queryable, statements } from './statements.js';

const spendOne = statements(import.meta.url)<{ wait_ms: number }, [key: string, secondsPerCall: number, burst: number]>(
  'spend',
);

const refundOne = statements(import.meta.url)<never, [key: string, secondsPerCall: number]>('refund');

/** A rate limit shared by all processes. */
export interface Rate {
  /** Prefix of the key of each row. */
  readonly key: string;
  readonly secondsPerCall: number;
  /** Maximum number of calls at once. */
  readonly burst: number;
}

/**
 * Counts one call of `who` and returns 0, or counts nothing and returns the milliseconds until a
 * call is free.
 * @throws the database error.
 */
export async function spend(client: Queryable, rate: Rate, who: string): Promise<number> {
  const [row] = await spendOne.run(client, [`${rate.key}:${who}`, rate.secondsPerCall, rate.burst]);
  return row?.wait_ms ?? 1; // no row: the key was new, and another call took it first
}

/**
 * Takes back one counted call of `who`.
 * @throws the database error.
 */
export async function refund(client: Queryable, rate: Rate, who: string): Promise<void> {
  await refundOne.run(client, [`${rate.key}:${who}`, rate.secondsPerCall]);
}
