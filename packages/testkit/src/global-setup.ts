import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, type EmbeddedServer, migrate, openRoles, SERVICE_ROLES, startEmbedded } from '@parley/database';
import { ownerVariable, rolePasswords } from './test-database.js';

let server: EmbeddedServer | undefined;
let folder: string | undefined;

/** For jest, once per run: one PostgreSQL for all test files, which find it by an environment variable. */
export default async function setUp(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await chmod(folder, 0o755); // root runs PostgreSQL as somebody else
  server = await startEmbedded({ dataDir: folder, log: () => {} });
  await migrate(server.url); // makes the roles, whose passwords count in every database
  await openRoles(server.url, rolePasswords);
  await shareRoles(server.url);
  process.env[ownerVariable] = server.url;
}

/** A cluster is for one Parley; here the databases of all test files share its roles, which therefore name none of them. */
async function shareRoles(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'test', max: 1 });
  for (const role of SERVICE_ROLES) await pool.query(`COMMENT ON ROLE ${role} IS NULL`);
  await pool.end();
}

/** Ends what `setUp` has started. */
export async function tearDown(): Promise<void> {
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
