import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPool, isAway, type Pool } from '@parley/database';
import { z } from 'zod';
import { exitCodes, Failure } from './failure.js';

/** Which database, as its owner. */
export interface OwnerOptions {
  readonly database?: string;
  /** The data folder of a running `npm start`, which knows its database. */
  readonly data: string;
}

const runFile = z.object({ database: z.string() });

async function databaseUrl({ database, data }: OwnerOptions): Promise<string> {
  if (database !== undefined) return database;
  try {
    return runFile.parse(JSON.parse(await readFile(join(data, 'run.json'), 'utf8'))).database;
  } catch {
    const advice = 'start it with `npm start`, or give --data or --database';
    throw new Failure('unreachable', exitCodes.unreachable, `no Parley runs with the data folder ${data}; ${advice}`);
  }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (isAway(thrown)) {
    return new Failure('unreachable', exitCodes.unreachable, 'the database does not answer; is `npm start` running?');
  }
  const words = thrown instanceof Error ? thrown.message : thrown;
  return new Failure('database', exitCodes.refused, `the database refuses: ${words}`);
}

/** Works on the database as its owner, past every service. Throws a Failure. */
export async function withOwner<T>(
  options: OwnerOptions,
  applicationName: string,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = createPool({ url: await databaseUrl(options), applicationName, max: 1 });
  try {
    return await work(pool);
  } catch (thrown) {
    throw failureOf(thrown);
  } finally {
    await pool.end();
  }
}
