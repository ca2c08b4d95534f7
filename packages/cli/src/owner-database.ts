import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPool, isAway, type Pool } from '@parley/database';
import { z } from 'zod';
import { exitCodes, Failure } from './failure.js';

/** Chooses the database; the command connects as its owner. */
export interface OwnerOptions {
  readonly database?: string;
  /** Data folder of a running `npm start`, which names its database. */
  readonly data: string;
}

const runFile = z.object({ database: z.string() });

async function databaseUrl({ database, data }: OwnerOptions): Promise<string> {
  if (database !== undefined) return database;
  try {
    return runFile.parse(JSON.parse(await readFile(join(data, 'run.json'), 'utf8'))).database;
  } catch {
    const advice = 'Start it with `npm start`, or give --data or --database.';
    throw new Failure(
      'unreachable',
      exitCodes.unreachable,
      `No \`npm start\` runs with the data folder ${data}. ${advice}`,
    );
  }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (isAway(thrown)) {
    return new Failure(
      'unreachable',
      exitCodes.unreachable,
      'The database does not respond. Check that `npm start` runs.',
    );
  }
  const words = thrown instanceof Error ? thrown.message : thrown;
  return new Failure('database', exitCodes.refused, `The database refused: ${words}`);
}

/**
 * Calls `work` with a connection of the database owner.
 * @throws {Failure}
 */
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
