import {
  Kysely,
  type Migration,
  type MigrationProvider,
  type MigrationResultSet,
  Migrator,
  PostgresDialect,
  type PostgresPoolClient,
  sql,
} from 'kysely';
import type pg from 'pg';
import { isRolledBack } from './failure.js';
import { knownMigrations, type MigrationFile, migrationFiles } from './migration-files.js';
import { createPool, transaction } from './pool.js';
import { checkCluster, ownerConnectMs } from './roles.js';
import type { Queryable } from './statement.js';

/** The lock that every migration holds. It is that of Kysely. */
export const migrationLock = '3853314791062309107';

function migrationOf({ text, required }: MigrationFile, begin: () => void): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      begin();
      await sql.raw(text).execute(db);
      if (required === undefined) return;
      const at = new Date().toISOString();
      const noted = sql`INSERT INTO chat.migration (name, timestamp) VALUES (${required}, ${at}) ON CONFLICT DO NOTHING`;
      await noted.execute(db);
    },
  };
}

/** Provides the migrations of this version. Calls `begin` with the name of each one that begins. */
function providerOf(begin: (name: string) => void): MigrationProvider {
  return {
    async getMigrations() {
      const files = await migrationFiles();
      return Object.fromEntries(files.map((file) => [file.name, migrationOf(file, () => begin(file.name))]));
    },
  };
}

/**
 * Makes the tables about migrations. `chat.applied_migration` lists all migrations that have run.
 * `chat.migration` lists those that a service must know; before the first table existed, it listed all.
 */
const makeTables = `DO $$ BEGIN
    IF to_regnamespace('chat') IS NULL THEN
        CREATE SCHEMA chat;
    END IF;
    IF to_regclass('chat.migration') IS NULL THEN
        CREATE TABLE chat.migration (name VARCHAR(255) PRIMARY KEY, timestamp VARCHAR(255) NOT NULL);
    END IF;
    IF to_regclass('chat.applied_migration') IS NULL THEN
        CREATE TABLE chat.applied_migration (LIKE chat.migration INCLUDING ALL);
        INSERT INTO chat.applied_migration SELECT * FROM chat.migration;
    END IF;
END $$`;

async function namesIn(pool: Queryable, table: 'migration' | 'applied_migration'): Promise<string[] | undefined> {
  const found = await pool.query<{ there: boolean }>(`SELECT to_regclass('chat.${table}') IS NOT NULL AS there`);
  if (found.rows[0]?.there !== true) return undefined;
  const { rows } = await pool.query<{ name: string }>(`SELECT name FROM chat.${table} ORDER BY name`);
  return rows.map((row) => row.name);
}

/**
 * Returns the names of the migrations that a database has, in order: none if it is not one of
 * Parley.
 * @throws the database error
 */
export async function recordedMigrations(pool: Queryable): Promise<string[]> {
  return (await namesIn(pool, 'applied_migration')) ?? (await namesIn(pool, 'migration')) ?? [];
}

function refuseUnknown(names: readonly string[], known: readonly string[]): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new Error(`The database has migration ${stranger}, which this version of Parley does not know. Update Parley.`);
}

/**
 * Returns the names of the migrations of this version that a database lacks, in order.
 * @throws {Error} if this version cannot run with the database
 */
async function missingMigrations(pool: pg.Pool): Promise<string[]> {
  const known = await knownMigrations();
  refuseUnknown((await namesIn(pool, 'migration')) ?? [], known);
  const recorded = await recordedMigrations(pool);
  const missing = known.filter((name) => !recorded.includes(name));
  if (missing.length > 0) refuseUnknown(recorded, known);
  return missing;
}

function migratorOf(client: PostgresPoolClient, provider: MigrationProvider): Migrator {
  const pool = { connect: async () => client, end: async () => {} };
  return new Migrator({
    db: new Kysely({ dialect: new PostgresDialect({ pool }) }),
    provider,
    migrationTableSchema: 'chat',
    migrationTableName: 'applied_migration',
    migrationLockTableName: 'migration_lock',
    disableTransactions: true,
  });
}

/** An error of a migration, with its name. */
interface NamedError extends Error {
  readonly code?: string;
  readonly migration?: string;
}

/** Converts the error of `migrate`, so that it says what to do. A lost connection stays as it is. */
function failureOf(cause: NamedError): Error {
  if (!isRolledBack(cause)) return cause;
  const subject = cause.migration === undefined ? 'The migration' : `Migration ${cause.migration}`;
  const words = `${subject} failed (${cause.message}). Nothing has changed, and running services can go on. Correct the cause, then migrate again.`;
  return Object.assign(new Error(words, { cause }), { code: cause.code });
}

/**
 * Migrates within the transaction of the client: up to the migration `last`, or up to the schema of
 * this version. Returns the names of the migrations that it applied.
 * @throws the database error, with the name of the migration that failed
 */
export async function migrateWithin(client: pg.ClientBase, last?: string): Promise<string[]> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
  await client.query(makeTables);
  let first: unknown;
  let begun: string | undefined;
  const query = (...args: [string, unknown[]]) =>
    client.query(...args).catch((thrown: unknown) => {
      first ??= thrown; // Errors that follow only say that the transaction has failed.
      throw thrown;
    });
  const provider = providerOf((name) => {
    begun = name;
  });
  const migrator = migratorOf({ query, release: () => {} } as unknown as PostgresPoolClient, provider);
  const outcome: MigrationResultSet = await (last === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(last)
  ).catch((error: unknown) => ({ error }));
  const { error, results = [] } = outcome;
  if (error === undefined) return results.map(({ migrationName }) => migrationName);
  throw Object.assign((first ?? error) as Error, { migration: begun });
}

/**
 * Migrates a database to this version's schema, as its owner: `url` is the owner's URL. Returns the
 * names of the migrations that it applied. Any number of processes may call it at the same time:
 * one migrates, the others wait, also for a backup.
 * @throws {Error} with one sentence if this version cannot run with the database, if a migration
 * fails, or if another database of the server already holds a Parley; otherwise the database error.
 * In each case, nothing is applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const pool = createPool({ url, applicationName: 'parley-migrate', max: 1, connectWithinMs: ownerConnectMs });
  try {
    if ((await plannedMigrations(pool)).length === 0) return [];
    return await transaction(pool, (client) => migrateWithin(client)).catch((cause: NamedError) => {
      throw failureOf(cause);
    });
  } finally {
    await pool.end();
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
 * Checks with the service's own role that the database has all migrations of this version, and that
 * this version can run with later ones.
 * @throws {Error} with one sentence if not; otherwise the database error.
 */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  const [missing] = await missingMigrations(pool);
  if (missing !== undefined) {
    throw new Error(`The database lacks migration ${missing}. Run the migrations as its owner first.`);
  }
}
