import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  Kysely,
  type Migration,
  type MigrationProvider,
  Migrator,
  PostgresDialect,
  type PostgresPoolClient,
  sql,
} from 'kysely';
import type pg from 'pg';
import { createPool } from './pool.js';
import { checkCluster, ownerConnectMs } from './roles.js';
import type { Queryable } from './statement.js';

/** Migrations folder, seen from dist/src: tsc copies no .sql. */
const FOLDER = new URL('../../migrations/', import.meta.url);

/** The lock that every migration holds. It is that of Kysely. */
export const migrationLock = '3853314791062309107';

/** Returns the names of the migrations of this version, in order. */
export async function knownMigrations(): Promise<string[]> {
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
    const names = await knownMigrations();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await migrationOf(name)])));
  },
};

/**
 * Returns the names of the migrations that a database has, in order: none if it is not one of
 * Parley.
 * @throws the database error
 */
export async function recordedMigrations(pool: Queryable): Promise<string[]> {
  const table = await pool.query<{ there: boolean }>("SELECT to_regclass('chat.migration') IS NOT NULL AS there");
  if (!table.rows[0]?.there) return [];
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM chat.migration ORDER BY name');
  return rows.map((row) => row.name);
}

/**
 * Returns the names of the migrations of this version that a database lacks, in order.
 * @throws {Error} with one sentence if the database is newer than this version; otherwise the
 *   database error
 */
async function missingMigrations(pool: pg.Pool): Promise<string[]> {
  const [known, recorded] = [await knownMigrations(), await recordedMigrations(pool)];
  const stranger = recorded.find((name) => !known.includes(name));
  if (stranger === undefined) return known.filter((name) => !recorded.includes(name));
  throw new Error(`The database has migration ${stranger}, which this version of Parley does not know. Update Parley.`);
}

function migratorOf(db: Kysely<unknown>, disableTransactions: boolean): Migrator {
  const tables = { migrationTableName: 'migration', migrationLockTableName: 'migration_lock' };
  return new Migrator({ db, provider, migrationTableSchema: 'chat', ...tables, disableTransactions });
}

/**
 * Migrates within the transaction of the client: up to the migration `last`, or up to the schema of
 * this version.
 * @throws the database error
 */
export async function migrateWithin(client: pg.ClientBase, last?: string): Promise<void> {
  let first: unknown;
  const query = (...args: [string, unknown[]]) =>
    client.query(...args).catch((thrown: unknown) => {
      first ??= thrown; // Errors that follow only say that the transaction has failed.
      throw thrown;
    });
  const only = { query, release: () => {} } as unknown as PostgresPoolClient;
  const pool = { connect: async () => only, end: async () => {} };
  const migrator = migratorOf(new Kysely({ dialect: new PostgresDialect({ pool }) }), true);
  const outcome = await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last)).catch(
    (error: unknown) => ({ error }),
  );
  if (outcome.error !== undefined) throw first ?? outcome.error;
}

/**
 * Migrates a database to this version's schema, as its owner: `url` is the owner's URL. Returns the
 * names of the migrations that it applied. Any number of processes may call it at the same time:
 * one migrates, the others wait, also for a backup. Needs session locks, so it does not work through a transaction
 * pooler.
 * @throws {Error} with one sentence if the database is newer than this code, or if another database
 * of the server already holds a Parley; otherwise the database error. In each case, nothing is
 * applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const pool = createPool({ url, applicationName: 'parley-migrate', max: 2, connectWithinMs: ownerConnectMs });
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    if ((await plannedMigrations(pool)).length === 0) return [];
    const { error, results } = await migratorOf(db, false).migrateToLatest();
    if (error) throw error;
    return (results ?? []).map((result) => result.migrationName);
  } finally {
    await db.destroy();
  }
}

/**
 * Returns the names of the migrations that `migrate` would apply, in order.
 * @throws {Error} with one sentence if `migrate` would refuse the database; otherwise the database
 *   error
 */
export async function plannedMigrations(pool: pg.Pool): Promise<string[]> {
  const missing = await missingMigrations(pool);
  await checkCluster(pool);
  return missing;
}

/**
 * Checks with the service's own role that the database has exactly the migrations of this code.
 * @throws {Error} with one sentence if it is not; otherwise the database error.
 */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  const [missing] = await missingMigrations(pool);
  if (missing !== undefined) {
    throw new Error(`The database lacks migration ${missing}. Run the migrations as its owner first.`);
  }
}
