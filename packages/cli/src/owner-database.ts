import { createPool, isAway, type Pool } from '@parley/database';
import { exitCodes, Failure } from './failure.js';
import { readRunFacts } from './run-file.js';

/** Options that choose the database, to which the command connects as its owner. */
export interface OwnerOptions {
  readonly database?: string;
  /** Data folder of a running `npm start`. The folder names the database. */
  readonly data: string;
}

async function databaseUrl({ database, data }: OwnerOptions): Promise<string> {
  if (database !== undefined) return database;
  const run = await readRunFacts(data).catch(() => undefined);
  if (run !== undefined) return run.database;
  const words = `No \`npm start\` runs with the data folder ${data}. Start it with \`npm start\`, or give --data or --database.`;
  throw new Failure('unreachable', exitCodes.unreachable, words);
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
