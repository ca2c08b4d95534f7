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
  const pool = createPool({ url, applicationName: 'tokens', max: 4, connectWithinMs: 60_000 });
  const clock = await DatabaseClock.start(pool);
  const close = async () => {
    await pool.end();
    await dropDatabaseFor(server, name);
  };
  return { url, pool, clock, close };
}

/** A pool that counts queries for keys, and can fail or hold queries. */
export interface CountingPool {
  readonly pool: Pool;
  readonly reads: () => number;
  readonly fail: (now: boolean) => void;
  /** Holds all queries until the returned function is called. */
  readonly hold: () => () => void;
}

export function countingPool(pool: Pool): CountingPool {
  let reads = 0;
  let failing = false;
  let held = Promise.resolve();
  const query = async (...args: Parameters<Pool['query']>) => {
    if (JSON.stringify(args[0]).includes('signing_key')) reads++;
    await held;
    if (failing) throw new Error('Connection terminated');
    return pool.query(...args);
  };
  const hold = () => {
    let release = () => {};
    held = new Promise((resolve) => (release = resolve));
    return release;
  };
  const fail = (now: boolean) => {
    failing = now;
  };
  const counting = { query } as unknown as Pool;
  return { pool: counting, reads: () => reads, fail, hold };
}
