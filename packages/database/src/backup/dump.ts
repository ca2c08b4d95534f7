import type { ClientBase } from 'pg';
import { to } from 'pg-copy-streams';
import { migrationLock, recordedMigrations } from '../migrate.js';
import type { BackupRecord, Manifest, TableShape } from './records.js';
import { readTables, withColumns } from './tables.js';

/**
 * Settings of the session. The text of the rows must not depend on the settings of the database,
 * and no timeout may end a long backup.
 */
const sessionSettings: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  row_security: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0', // since PostgreSQL 17
  lock_timeout: '60s',
};

/** Prepares the session of a backup or a restore. */
export async function prepareSession(client: ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config(s.name, wanted.value, false) FROM pg_settings s
     JOIN json_each_text($1) wanted (name, value) ON lower(wanted.name) = lower(s.name)`,
    [JSON.stringify(sessionSettings)],
  );
}

/**
 * Begins the transaction with the snapshot. Migrations wait for its end, and without locks on tables,
 * so the services can go on.
 */
async function beginSnapshot(client: ClientBase): Promise<TableShape[]> {
  await prepareSession(client);
  await client.query('SELECT pg_advisory_lock_shared($1)', [migrationLock]);
  const tables = await readTables(client);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`LOCK TABLE ${tables.map(({ name }) => `chat.${name}`).join(', ')} IN ACCESS SHARE MODE`);
  return tables;
}

interface FactsRow {
  readonly moment: string;
  readonly postgres: string;
  readonly count: string;
  readonly bytes: string;
}

/** Reads the facts about the snapshot. The first statement takes the snapshot just after its own start. */
async function readManifest(client: ClientBase, tables: TableShape[], version: string): Promise<Manifest> {
  const { rows } = await client.query<FactsRow>(
    `SELECT to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS moment,
       current_setting('server_version') AS postgres, count(*)::text AS count, coalesce(sum((f.row ->> 'size')::bigint), 0)::text AS bytes
     FROM (SELECT to_jsonb(x) AS row FROM chat.file x) f WHERE f.row ->> 'in_s3' = 'true'`, // Earlier versions have no such column.
  );
  const [facts] = rows as [FactsRow];
  const { rows: sequences } = await client.query<{ name: string; value: string | null }>(
    "SELECT sequencename AS name, last_value::text AS value FROM pg_sequences WHERE schemaname = 'chat' ORDER BY 1",
  );
  return {
    parley: version,
    postgres: facts.postgres,
    moment: facts.moment,
    migrations: await recordedMigrations(client),
    tables,
    sequences: sequences.map(({ name, value }) => ({ name, value: value === null ? null : Number(value) })),
    filesInS3: { count: Number(facts.count), bytes: Number(facts.bytes) },
  };
}

async function* rowsOf(client: ClientBase, table: TableShape): AsyncGenerator<BackupRecord> {
  const copy = client.query(to(`COPY ${withColumns(table)} TO STDOUT`));
  for await (const bytes of copy as AsyncIterable<Buffer>) yield { is: 'rows', bytes };
  await client.query('SELECT'); // PostgreSQL reports the number of rows after the last of them.
  yield { is: 'tableEnd', rows: copy.rowCount };
}

/**
 * Yields the records of a backup, which all show the database at one moment. The client must not be
 * used for anything else; if the caller stops early, close it.
 * @param version of Parley
 * @throws the database error
 */
export async function* dump(client: ClientBase, version: string): AsyncGenerator<BackupRecord> {
  const tables = await beginSnapshot(client);
  yield { is: 'manifest', manifest: await readManifest(client, tables, version) };
  let total = 0;
  for (const table of tables) {
    for await (const record of rowsOf(client, table)) {
      if (record.is === 'tableEnd') total += record.rows;
      yield record;
    }
  }
  await client.query('COMMIT');
  await client.query('SELECT pg_advisory_unlock_shared($1)', [migrationLock]);
  yield { is: 'end', rows: total };
}
