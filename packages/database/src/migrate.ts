import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Kysely, type Migration, type MigrationProvider, Migrator, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';
import { createPool } from './pool.js';
import { checkCluster, ownerConnectMs } from './roles.js';

/** Migrations folder, seen from dist/src: tsc copies no .sql. */
const FOLDER = new URL('../../migrations/', import.meta.url);

async function known(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

async function migrationOf(name: string): Promise<Migration> {
  const text = await readFile(fileURLToPath(new URL(`${name}.sql`, FOLDER)), 'utf8');
  return { up: async (db) => void (await sql.raw(text).execute(db)) };
}

const provider: MigrationProvider = {
  async getMigrations() {
    const names = await known();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await migrationOf(name)])));
  },
};

async function recorded(pool: pg.Pool): Promise<string[]> {
  const table = await pool.query<{ there: boolean }>("SELECT to_regclass('chat.migration') IS NOT NULL AS there");
  if (!table.rows[0]?.there) return [];
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM chat.migration ORDER BY name');
  return rows.map((row) => row.name);
}

async function refuseNewer(pool: pg.Pool): Promise<void> {
  const names = await known();
  const stranger = (await recorded(pool)).find((name) => !names.includes(name));
  if (stranger === undefined) return;
  throw new Error(`The database has migration ${stranger}, which this version of Parley does not know. Update Parley.`);
}

/**
 * Migrates a database to this version's schema, as its owner: `url` is the owner's URL. Returns the
 * names of the migrations that it applied. Any number of processes may call it at the same time:
 * one migrates, the others wait. Needs session locks, so it does not work through a transaction
 * pooler.
 * @throws {Error} with one sentence if the database is newer than this code, or if another database
 * of the server already holds a Parley; otherwise the database error. In each case, nothing is
 * applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const pool = createPool({ url, applicationName: 'parley-migrate', max: 2, connectWithinMs: ownerConnectMs });
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    await refuseNewer(pool);
    await checkCluster(pool);
    const migrator = new Migrator({
      db,
      provider,
      migrationTableSchema: 'chat',
      migrationTableName: 'migration',
      migrationLockTableName: 'migration_lock',
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw error;
    return (results ?? []).map((result) => result.migrationName);
  } finally {
    await db.destroy();
  }
}

/**
 * Checks with the service's own role that the database has exactly the migrations of this code.
 * @throws {Error} with one sentence if it is not; otherwise the database error.
 */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  await refuseNewer(pool);
  const done = await recorded(pool);
  const missing = (await known()).find((name) => !done.includes(name));
  if (missing !== undefined) {
    throw new Error(`The database lacks migration ${missing}. Run the migrations as its owner first.`);
  }
}
