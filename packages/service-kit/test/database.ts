import { randomUUID } from 'node:crypto';
import { copyDatabaseFor, createPool, DatabaseClock, dropDatabaseFor, type Pool } from '@parley/database';

/**
 * A migrated database in the PostgreSQL of this jest run. Made here and not by testkit, because
 * testkit imports this package.
 */
export interface TokenDatabase {
  readonly url: string;
  readonly pool: Pool;
  readonly clock: DatabaseClock;
  close(): Promise<void>;
}

export async function openTokenDatabase(): Promise<TokenDatabase> {
  const server = String(process.env.TEST_POSTGRES_URL);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await copyDatabaseFor(server, 'parley_template', name);
  const pool = createPool({ url, applicationName: 'tokens', max: 4 });
  const clock = await DatabaseClock.start(pool);
  const close = async () => {
    await pool.end();
    await dropDatabaseFor(server, name);
  };
  return { url, pool, clock, close };
}

/** Wraps a pool so that it counts queries for keys and can fail them on demand. */
export function countingPool(pool: Pool): { pool: Pool; reads: () => number; fail: (now: boolean) => void } {
  let reads = 0;
  let failing = false;
  const query = (...args: Parameters<Pool['query']>) => {
    if (JSON.stringify(args[0]).includes('signing_key')) reads++;
    return failing ? Promise.reject(new Error('Connection terminated')) : pool.query(...args);
  };
  const fail = (now: boolean) => {
    failing = now;
  };
  const counting = { query } as unknown as Pool;
  return { pool: counting, reads: () => reads, fail };
}
