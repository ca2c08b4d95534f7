import { join } from 'node:path';
import type pg from 'pg';
import { readSecrets } from '../secrets.js';
import { chooseAccount, type SystemUser } from './account.js';
import { findBinaries } from './binaries.js';
import { connectWhenReady, guard, urlOf } from './guard.js';
import { homeOf, makeHome, openFolder } from './home.js';
import { launch, type PostgresChild, worthAnotherTry } from './launch.js';
import { choosePort } from './port.js';
import { clearStale, findPostmaster, stopPostmaster } from './postmaster.js';

const TRIES = 20;

export interface EmbeddedSettings {
  /** Folder for all persistent files. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1. Absent: a free port is chosen and remembered. */
  readonly port?: number;
  /** Additional environment of PostgreSQL; a test uses it to change the clock. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Maximum number of connections; absent: 200. */
  readonly connections?: number;
  /** Called with each line of progress. */
  readonly log: (line: string) => void;
}

export interface EmbeddedServer {
  /** The owner's URL of the database `parley`. */
  readonly url: string;
  readonly pid: number;
  /**
   * Resolves when PostgreSQL, or the connection that holds the lock of the data folder, is gone.
   * Does not resolve after `stop`.
   */
  readonly lost: Promise<void>;
  /** Stops PostgreSQL and closes every connection to it. Idempotent. */
  stop(): Promise<void>;
}

interface Place extends EmbeddedSettings {
  readonly folder: string;
  readonly home: string;
  readonly account: SystemUser;
  readonly binaries: string;
  readonly password: string;
}

async function prepare(settings: EmbeddedSettings): Promise<Place> {
  const { dataDir, log } = settings;
  const folder = await openFolder(dataDir);
  const { owner: password } = await readSecrets(folder);
  const account = await chooseAccount(await homeOf(folder));
  const binaries = await findBinaries(account, log);
  const home = await makeHome({ folder, binaries, account, password, log });
  return { ...settings, folder, home, account, binaries, password };
}

/**
 * Connects to a PostgreSQL that a killed run has left running. If it is not on the fixed port,
 * stops it and returns undefined.
 */
async function adopt({ folder, home, password, port, log }: Place): Promise<pg.Client | undefined> {
  const orphan = await findPostmaster(home);
  if (!orphan) return undefined;
  const left = async () => ((await findPostmaster(home)) ? undefined : 'it is stopping');
  const keeper = await connectWhenReady(home, password, left).catch(async (error: Error) => {
    if (await left()) return undefined;
    throw error;
  });
  if (!keeper) return undefined;
  await guard(keeper, folder);
  if (port === undefined || keeper.port === port) {
    log(`Using the PostgreSQL of an earlier run (pid ${orphan.pid}).`);
    return keeper;
  }
  await stopPostmaster(orphan.pid);
  await keeper.end();
  return undefined;
}

async function launchOnce(place: Place): Promise<pg.Client | string> {
  const { folder, home, password, log } = place;
  const port = await choosePort(folder, place.port);
  const child: PostgresChild = await launch({ ...place, port, logFile: join(folder, 'postgres.log') });
  child.onFailure((how) => log(`PostgreSQL exited (${how}).`));
  const keeper = await connectWhenReady(home, password, child.ended).catch(async (error: Error) => {
    const reason = (await child.ended()) ?? '';
    if (await worthAnotherTry(reason)) return reason;
    throw error;
  });
  if (typeof keeper !== 'string') await guard(keeper, folder);
  return keeper;
}

async function launchNew(place: Place): Promise<pg.Client> {
  await clearStale(place.home);
  for (let n = 0; n < TRIES; n++) {
    const outcome = await launchOnce(place);
    if (typeof outcome !== 'string') return outcome;
  }
  throw new Error(
    `Processes of an earlier PostgreSQL in ${place.home} are still running. Stop them, then start again.`,
  );
}

/**
 * Creates the database. The service roles may not connect to the other databases of the server,
 * because their rights are not limited there.
 */
async function makeDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'parley'");
  if (rowCount === 0) await client.query('CREATE DATABASE parley');
  await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
}

/**
 * Starts an embedded PostgreSQL in `<dataDir>/postgres`, created on first use, with the database
 * `parley`. PostgreSQL survives Ctrl-C and a killed parent; the next start finds it and uses it.
 * Only one process at a time may use a data folder.
 * @throws {Error} with one sentence that says what to do if it cannot start.
 */
export async function startEmbedded(settings: EmbeddedSettings): Promise<EmbeddedServer> {
  const place = await prepare(settings);
  const keeper = (await adopt(place)) ?? (await launchNew(place));
  await makeDatabase(keeper);
  const pid = (await findPostmaster(place.home))?.pid ?? 0;
  let stopped: Promise<void> | undefined;
  const lost = new Promise<void>((resolve) => keeper.once('end', () => stopped === undefined && resolve()));
  const stop = async () => {
    await stopPostmaster(pid);
    await keeper.end().catch(() => {});
  };
  return {
    url: urlOf(keeper.port, place.password, 'parley'),
    pid,
    lost,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Finds the running embedded database of a data folder, for tools that run next to Parley. */
export async function findEmbedded(dataDir: string): Promise<Pick<EmbeddedServer, 'url' | 'pid'> | undefined> {
  const running = await findPostmaster(await homeOf(dataDir));
  if (!running?.port) return undefined;
  const { owner } = await readSecrets(dataDir);
  return { url: urlOf(running.port, owner, 'parley'), pid: running.pid };
}
