import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BackupError,
  createPool,
  isAway,
  isForbidden,
  isLockTimeout,
  isOutOfResources,
  type Pool,
  startEmbedded,
} from '@parley/database';
import { errorCode, errorText, exitCodes, Failure } from '../failure.js';
import { DataFolder } from '../launcher/data-folder.js';
import { isDueToFullDisk } from '../launcher/explain.js';
import { knownUrl, type OwnerOptions, ownerFailure } from '../owner-database.js';
import { terminalLine } from '../plain-text.js';

/** Converts an error of a backup or a restore. */
function backupFailure(thrown: unknown): Failure {
  if (thrown instanceof BackupError) return new Failure(thrown.reason, exitCodes.refused, thrown.message);
  if (isOutOfResources(thrown)) {
    const words = 'The database has no space left, and nothing was changed. Free some space, then try again.';
    return new Failure('no-space', exitCodes.refused, words);
  }
  if (isForbidden(thrown)) {
    const words = `The user of the database lacks a right (${errorText(thrown)}). Connect as the owner of the database, and let this user create roles.`;
    return new Failure('missing-right', exitCodes.refused, words);
  }
  if (isLockTimeout(thrown)) {
    const words = 'Another program holds locks in the database, for example a migration. Try again later.';
    return new Failure('database-locked', exitCodes.refused, words);
  }
  const isSentence = thrown instanceof Error && errorCode(thrown) === '' && !isAway(thrown);
  return isSentence && !(thrown instanceof Failure)
    ? new Failure('database', exitCodes.refused, thrown.message)
    : ownerFailure(thrown);
}

/** Work with the database at a URL, as its owner. */
type DatabaseWork<T> = (url: string) => Promise<T>;

/** Returns work that has a pool with one connection. */
export function pooled<T>(work: (pool: Pool) => Promise<T>): DatabaseWork<T> {
  return async (url) => {
    const pool = createPool({ url, applicationName: 'parley backup', max: 1, connectWithinMs: 30_000 });
    return work(pool).finally(() => pool.end());
  };
}

/** Waits for work with a backup. @throws {Failure} */
export async function backupWork<T>(work: Promise<T>): Promise<T> {
  return work.catch((thrown: unknown) => {
    throw backupFailure(thrown);
  });
}

/**
 * Converts a failure of the PostgreSQL of a data folder. PostgreSQL stops if its log finds no space.
 */
async function embeddedFailure(thrown: unknown, data: string): Promise<unknown> {
  if (thrown instanceof Failure && thrown.reason !== 'unreachable') return thrown;
  if (!(await isDueToFullDisk(thrown, data))) return thrown;
  const words = `The disk of the data folder ${terminalLine(data)} is full. Free some space, then try again.`;
  return new Failure('no-space', exitCodes.refused, words);
}

/** Starts the PostgreSQL of a data folder, on which no `npm start` runs, and stops it afterwards. */
async function withEmbedded<T>(data: string, work: DatabaseWork<T>): Promise<T> {
  return inEmbedded(data, work).catch(async (thrown: unknown) => {
    throw await embeddedFailure(thrown, data);
  });
}

async function inEmbedded<T>(data: string, work: DatabaseWork<T>): Promise<T> {
  const folder = await DataFolder.take(data);
  try {
    const server = await startEmbedded({ dataDir: folder.path, log: () => {} });
    try {
      return await backupWork(work(server.url));
    } finally {
      await server.stop();
    }
  } finally {
    await folder.stop();
  }
}

/**
 * Calls `work` with the database that the options name, or that of a data folder, whether or not
 * `npm start` runs.
 * @throws {Failure}
 */
export async function withOwnedDatabase<T>(options: OwnerOptions, work: DatabaseWork<T>): Promise<T> {
  const { data } = options;
  const url = await knownUrl(options);
  if (url !== undefined) return backupWork(work(url));
  if ((await stat(join(data, 'postgres')).catch(() => undefined)) !== undefined) return withEmbedded(data, work);
  const words = `The data folder ${data} has no database. Choose another with --data, or give --database.`;
  throw new Failure('unreachable', exitCodes.unreachable, words);
}

/**
 * Calls `work` with the database at `url`; without it, with that of a data folder, which is created
 * if it does not exist. No `npm start` may run there.
 * @throws {Failure}
 */
export async function withRestoreTarget<T>(url: string | undefined, data: string, work: DatabaseWork<T>): Promise<T> {
  return url === undefined ? withEmbedded(data, work) : backupWork(work(url));
}
