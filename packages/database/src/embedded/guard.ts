import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ignoreEnvironment } from '../environment.js';
import { findPostmaster } from './postmaster.js';

const READY_MS = 60_000;
const GUARD_MS = 3_000;
const POLL_MS = 50;

/** Returns the owner's URL of a database of the embedded server. */
export function urlOf(port: number, password: string, database: string): string {
  return `postgres://parley:${password}@127.0.0.1:${port}/${database}`;
}

async function tryConnect(url: string, home: string): Promise<pg.Client | undefined> {
  ignoreEnvironment();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    if ((error as pg.DatabaseError).code !== '28P01') return undefined;
    throw new Error(`The database in ${home} does not accept the password in secrets.json. Restore that file.`);
  }
}

/**
 * Connects as soon as the PostgreSQL of `home` accepts connections. That takes longer while
 * PostgreSQL recovers from a crash.
 * @throws {Error} with one sentence if `ended` returns a reason, or after a minute.
 */
export async function connectWhenReady(
  home: string,
  password: string,
  ended: () => Promise<string | undefined>,
): Promise<pg.Client> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(POLL_MS)) {
    const reason = await ended();
    if (reason !== undefined) throw new Error(`PostgreSQL did not start: ${reason}`);
    const port = (await findPostmaster(home))?.port;
    const client = port && (await tryConnect(urlOf(port, password, 'postgres'), home));
    if (client) return client;
  }
  throw new Error(`PostgreSQL did not respond for ${READY_MS / 1000} s. See postgres.log in the data folder.`);
}

/**
 * Allows one Parley per data folder by taking a lock on `client`. The lock ends with this process.
 * @throws {Error} with one sentence if another process has the lock; the client is then closed.
 */
export async function guard(client: pg.Client, folder: string): Promise<void> {
  for (const end = Date.now() + GUARD_MS; Date.now() < end; await sleep(POLL_MS)) {
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock(hashtext('parley')) AS mine");
    if (rows[0]?.mine) return;
  }
  await client.end();
  throw new Error(`Another Parley runs with the data folder ${folder}. Stop it, or choose another folder.`);
}
