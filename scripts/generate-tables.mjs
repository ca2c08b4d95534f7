/**
 * Generates the types of the tables from the migrated schema. Starts a PostgreSQL of its own for
 * this.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const database = join(root, 'packages/database');

/** Returns the types of the tables as TypeScript. */
export async function generateTables() {
  const { createPool, migrate, startEmbedded } = await import(join(database, 'dist/src/index.js'));
  const { tableTypesOf } = await import(join(database, 'dist/src/table-types.js'));
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-generate-'));
  chmodSync(dataDir, 0o755); // PostgreSQL runs as another user if the tests run as root.
  const server = await startEmbedded({ dataDir, log: () => {} });
  const pool = createPool({ url: server.url, applicationName: 'generate', max: 1 });
  try {
    await migrate(server.url);
    return await tableTypesOf(pool);
  } finally {
    await pool.end();
    await server.stop();
    rmSync(dataDir, { recursive: true });
  }
}
