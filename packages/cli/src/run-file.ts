import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf, identityOf } from '@parley/database/processes'; // Most commands load nothing else of that package.
import type { RedisConfig } from '@parley/service-kit';

/** Default data folder of `npm start`. */
export const defaultData = fileURLToPath(new URL('../../../../.parley', import.meta.url));

/** Facts about a running `npm start`, for other commands. */
export interface RunFacts {
  readonly pid: number;
  /** URL of the database, with its owner's password. */
  readonly database: string;
  readonly services: readonly ServiceFacts[];
  /** Redis, with its password, if it carries the notifications. */
  readonly redis?: RedisConfig;
  /** Address of the web page. */
  readonly page: string;
}

/** One running process. */
export interface ServiceFacts {
  readonly name: string;
  /** Process id, which changes with each restart. */
  readonly pid: number;
  /** Address of the service, as `host:port`. */
  readonly address: string;
  /** Address of the ops server, for health and metrics, as `host:port`. */
  readonly admin: string;
}

/**
 * Returns the pid of the `npm start` that a lock file names, or undefined if that process is gone
 * or is this one.
 */
export async function holderOf(lockFile: string): Promise<number | undefined> {
  const noted = (await readFile(lockFile, 'utf8').catch(() => '')).trim();
  const pid = Number(noted.split(' ')[0]);
  const identity = await identityOf(pid);
  if (identity === '' || pid === process.pid) return undefined;
  if (noted.includes(' ')) return noted === identity ? pid : undefined;
  // Earlier versions wrote only the pid.
  return (await commandOf(pid)).some((word) => /\bstart\.m?js$/.test(word)) ? pid : undefined;
}

/** Returns the path of the file with the facts. */
export function runFileOf(folder: string): string {
  return join(folder, 'run.json');
}

/** Returns the path of the lock file of a data folder. */
export function lockFileOf(folder: string): string {
  return join(folder, 'start.pid');
}

/**
 * Reads the facts of the `npm start` with this data folder.
 * @throws {Error} if none runs
 */
export async function readRunFacts(folder: string): Promise<RunFacts> {
  const text = await readFile(runFileOf(folder), 'utf8').catch(() => '{}');
  const facts = JSON.parse(text) as RunFacts;
  if (facts.pid !== undefined && facts.pid === (await holderOf(lockFileOf(folder)))) return facts;
  throw new Error(`No \`npm start\` runs with the data folder ${folder}. Start it, or choose the folder with --data.`);
}

/**
 * Returns the `--data` option for a command about these managers. Returns an empty text if one of
 * them belongs to the `npm start` of the default folder.
 */
export async function dataOptionFor(managers: string, folder = defaultData): Promise<string> {
  const run = await readRunFacts(folder).catch(() => undefined);
  const isDefault = run?.services.some(({ address }) => managers.split(',').includes(address)) === true;
  return isDefault ? '' : ' --data <data folder of npm start>';
}
