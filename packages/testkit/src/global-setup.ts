import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, type EmbeddedServer, migrate, openRoles, SERVICE_ROLES, startEmbedded } from '@parley/database';
import { ownerVariable, rolePasswords } from './test-database.js';

let server: EmbeddedServer | undefined;
let folder: string | undefined;

/**
 * Starts one PostgreSQL for all test files of a jest run. They find it by an environment variable.
 */
export default async function setUp(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await chmod(folder, 0o755); // Root runs PostgreSQL as another user.
  server = await startEmbedded({ dataDir: folder, log: () => {} });
  await migrate(server.url); // Creates the roles, whose passwords apply to every database.
  await openRoles(server.url, rolePasswords);
  await prepareForTests(server.url);
  process.env[ownerVariable] = server.url;
}

/**
 * Prepares the server for many databases. Removes the comments that bind the roles to one database,
 * because here the databases of all test files share the roles. Turns fsync off, because nothing
 * must survive a crash of this PostgreSQL.
 */
async function prepareForTests(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'test', max: 1 });
  for (const role of SERVICE_ROLES) await pool.query(`COMMENT ON ROLE ${role} IS NULL`);
  await pool.query('ALTER SYSTEM SET fsync = off');
  await pool.query('SELECT pg_reload_conf()');
  await pool.end();
}

/** Stops what `setUp` started. */
export async function tearDown(): Promise<void> {
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
