import { type Queryable, statements } from './statements.js';

const spendOne = statements(import.meta.url)<{ wait_ms: number }, [key: string, secondsPerCall: number, burst: number]>(
  'spend',
);

const refundOne = statements(import.meta.url)<never, [key: string, secondsPerCall: number]>('refund');

/** How often somebody may do something, whichever process is asked. */
export interface Rate {
  /** Begins the key of each row. */
  readonly key: string;
  readonly secondsPerCall: number;
  /** Calls that may come at once. */
  readonly burst: number;
}

/** Counts one call of `who` and answers 0, or counts nothing and answers the milliseconds until one is free. Throws the database error. */
export async function spend(client: Queryable, rate: Rate, who: string): Promise<number> {
  const [row] = await spendOne.run(client, [`${rate.key}:${who}`, rate.secondsPerCall, rate.burst]);
  return row?.wait_ms ?? 1; // no row: the key was new, and another call took it first
}

/** Takes back one call of `who` that was counted. Throws the database error. */
export async function refund(client: Queryable, rate: Rate, who: string): Promise<void> {
  await refundOne.run(client, [`${rate.key}:${who}`, rate.secondsPerCall]);
}
