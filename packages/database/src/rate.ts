import { loadSql } from './sql-file.js';
import { float8, int4, text } from './sql-types.js';
import type { Queryable } from './statement.js';

const sql = loadSql('rate.sql', import.meta.url);
const spendCalls = sql.statement(
  'spend',
  { key: text, secondsPerCall: float8, burst: int4, calls: int4 },
  { waitMs: int4 },
);
const refundCall = sql.statement('refund', { key: text, secondsPerCall: float8 });

/** A rate limit that all processes share. */
export interface Rate {
  /** Prefix of the key of each row. */
  readonly key: string;
  readonly secondsPerCall: number;
  /** Maximum number of calls in a burst. */
  readonly burst: number;
}

/**
 * Counts `calls` calls by `who`, at most `burst`, and returns 0. If they would exceed the limit,
 * counts nothing and returns the milliseconds until they are allowed.
 * @throws the database error.
 */
export async function spend(client: Queryable, rate: Rate, who: string, calls = 1): Promise<number> {
  const { secondsPerCall, burst } = rate;
  const [row] = await spendCalls.run(client, { key: `${rate.key}:${who}`, secondsPerCall, burst, calls });
  return row?.waitMs ?? 1; // There is no row if the key was new and another call inserted it first.
}

/** Takes back one counted call by `who`. @throws the database error. */
export async function refund(client: Queryable, rate: Rate, who: string): Promise<void> {
  await refundCall.run(client, { key: `${rate.key}:${who}`, secondsPerCall: rate.secondsPerCall });
}
