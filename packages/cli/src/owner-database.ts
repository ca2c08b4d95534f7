import { readFile } from 'node:fs/promises';
import { createPool, isAway, type Pool } from '@parley/database';
import { exitCodes, Failure, usage } from './failure.js';
import { readRunFacts } from './run-file.js';

/** Options that choose the database, to which the command connects as its owner. */
export interface OwnerOptions {
  readonly database?: string;
  /** File with the URL, which then is not in the list of processes. */
  readonly databaseFile?: string;
  /** Data folder of `npm start`. The folder names the database. */
  readonly data: string;
}

/**
 * Returns the URL that the options name, or undefined.
 * @throws {Failure}
 */
export async function givenUrl({ database, databaseFile }: OwnerOptions): Promise<string | undefined> {
  if (database !== undefined || databaseFile === undefined) return database;
  const text = await readFile(databaseFile, 'utf8').catch((cause: Error) => {
    throw usage(`The file ${databaseFile} cannot be read (${cause.message}). Correct --database-file.`);
  });
  return text.trim();
}

/**
 * Returns the URL that the options name, or else that of a running `npm start`; undefined if there is neither.
 * @throws {Failure}
 */
export async function knownUrl(options: OwnerOptions): Promise<string | undefined> {
  return (await givenUrl(options)) ?? (await readRunFacts(options.data).catch(() => undefined))?.database;
}

/** Returns a database URL without its password. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'the database URL';
  const { username, host, pathname } = new URL(url);
  return `${username === '' ? '' : `${decodeURIComponent(username)}@`}${host}${pathname}`;
}

async function databaseUrl(options: OwnerOptions): Promise<string> {
  const url = await knownUrl(options);
  if (url !== undefined) return url;
  const { data } = options;
  const words = `No \`npm start\` runs with the data folder ${data}. Start it with \`npm start\`, or give --data or --database.`;
  throw new Failure('unreachable', exitCodes.unreachable, words);
}

/** Converts an error of a command that uses the database as its owner. */
export function ownerFailure(thrown: unknown): Failure {
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
    throw ownerFailure(thrown);
  } finally {
    await pool.end();
  }
}
