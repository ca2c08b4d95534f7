import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from } from 'pg-copy-streams';
import { migrateWithin } from '../migrate.js';
import { knownMigrations } from '../migration-files.js';
import { declareRestored } from '../owner.js';
import { BackupError, damaged } from './backup-error.js';
import type { BackupRecord, Manifest, TableShape } from './records.js';
import { readTables, withColumns } from './tables.js';

/**
 * Checks that this version of Parley can read a backup.
 * @throws {BackupError}
 */
export async function checkKnown({ migrations, parley }: Manifest): Promise<void> {
  const known = await knownMigrations();
  const stranger = migrations.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new BackupError(
      'database-newer',
      `The backup has migration ${stranger} of Parley ${parley}, which this version does not know. Update Parley.`,
    );
  }
  const missing = known.slice(0, migrations.length).find((name, at) => migrations[at] !== name);
  if (missing === undefined) return;
  throw new BackupError(
    'backup-unknown',
    `The backup lacks migration ${missing}, but has later ones. Use another backup.`,
  );
}

/** Makes the schema of the backup, and checks that its tables are those of the backup. */
async function makeSchema(client: ClientBase, { migrations, tables }: Manifest): Promise<void> {
  await migrateWithin(client, migrations.at(-1));
  const made = await readTables(client);
  if (JSON.stringify(made) === JSON.stringify(tables)) return;
  throw new BackupError(
    'backup-unknown',
    `The backup has other tables than Parley with migration ${migrations.at(-1)}. Somebody has changed its database. Use another backup.`,
  );
}

interface ForeignKeyRow {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** Removes what depends on the order of the tables, and the rows that migrations inserted. */
async function openTables(client: ClientBase, tables: readonly TableShape[]): Promise<ForeignKeyRow[]> {
  const { rows: keys } = await client.query<ForeignKeyRow>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE contype = 'f' AND connamespace = to_regnamespace('chat')`,
  );
  await client.query(`TRUNCATE ${tables.map(({ name }) => `chat.${name}`).join(', ')}`);
  for (const { table, name } of keys) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  for (const { name } of tables) await client.query(`ALTER TABLE chat.${name} DISABLE TRIGGER USER`);
  return keys;
}

/** Checks every reference between the tables. */
async function closeTables(
  client: ClientBase,
  tables: readonly TableShape[],
  keys: readonly ForeignKeyRow[],
): Promise<void> {
  for (const { table, name, definition } of keys) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
  }
  for (const { name } of tables) await client.query(`ALTER TABLE chat.${name} ENABLE TRIGGER USER`);
}

/** Writes the rows of one table, up to its end. */
async function copyTable(client: ClientBase, table: TableShape, records: AsyncIterator<BackupRecord>): Promise<void> {
  const copy = client.query(from(`COPY ${withColumns(table)} FROM STDIN`));
  let expected: number | undefined;
  const rows = async function* () {
    for (;;) {
      const { value: record } = await records.next();
      if (record.is === 'tableEnd') expected = record.rows;
      if (record.is !== 'rows') return;
      yield record.bytes;
    }
  };
  await pipeline(rows, copy);
  if (copy.rowCount !== expected) throw damaged(`rows of ${table.name} are missing`);
}

async function moveSequences(client: ClientBase, { sequences }: Manifest): Promise<void> {
  for (const { name, value } of sequences) {
    if (value !== null) await client.query('SELECT setval(format($$chat.%I$$, $1::text)::regclass, $2)', [name, value]);
  }
}

/**
 * Loads a backup into a database without the schema `chat`, within the transaction of the client.
 * Then the schema is that of this version, every channel has a new log, and tokens of services and
 * of seats are void. Returns the number of channels.
 * @throws {BackupError}, or the database error
 */
export async function loadBackup(client: ClientBase, records: AsyncIterator<BackupRecord>): Promise<number> {
  const { value: first } = await records.next();
  if (first.is !== 'manifest') throw damaged('its manifest is missing');
  const { manifest } = first;
  await makeSchema(client, manifest);
  const keys = await openTables(client, manifest.tables);
  for (const table of manifest.tables) await copyTable(client, table, records);
  while ((await records.next()).done !== true); // The end mark is checked before anything is committed.
  await closeTables(client, manifest.tables, keys);
  await moveSequences(client, manifest);
  await migrateWithin(client);
  await client.query("DELETE FROM chat.signing_key WHERE purpose <> 'user'");
  const channels = await declareRestored(client);
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  await client.query('ANALYZE');
  return channels;
}
