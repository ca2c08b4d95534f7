import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedServer, startEmbedded } from '@parley/database';
import { openTestPool, ownerVariable, prepareServer } from './test-database.js';

let server: EmbeddedServer | undefined;
let folder: string | undefined;

/**
 * Starts one PostgreSQL for all test files of a jest run. They find it by an environment variable.
 */
export default async function setUp(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await chmod(folder, 0o755); // PostgreSQL runs as another user if the tests run as root.
  server = await startEmbedded({ dataDir: folder, log: () => {} });
  await prepareServer(server.url);
  await turnFsyncOff(server.url);
  process.env[ownerVariable] = server.url;
}

/** Turns fsync off. No test needs its data after this PostgreSQL has stopped. */
async function turnFsyncOff(url: string): Promise<void> {
  const pool = openTestPool(url);
  await pool.query('ALTER SYSTEM SET fsync = off');
  await pool.query('SELECT pg_reload_conf()');
  await pool.end();
}

/** Stops what `setUp` started. */
export async function tearDown(): Promise<void> {
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
