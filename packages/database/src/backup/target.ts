import type { ClientBase } from 'pg';
import { checkCluster, SERVICE_ROLES } from '../roles.js';
import { BackupError } from './backup-error.js';

interface ConnectedRow {
  readonly role: string;
  readonly program: string;
}

/**
 * Checks that no service is connected to the database, and with `alone` no other program either.
 * An owner who is no superuser cannot see the `backend_type` of other users.
 * @throws {BackupError}
 */
export async function checkIdle(client: ClientBase, alone: boolean): Promise<void> {
  await client.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await client.query<ConnectedRow>(
    `SELECT usename AS role, application_name AS program FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND usename IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' AND ($1 OR usename = ANY ($2))`,
    [alone, [...SERVICE_ROLES]],
  );
  if (rows.length === 0) return;
  const names = [...new Set(rows.map(({ role, program }) => program || role))].join(', ');
  throw new BackupError('database-running', `Programs use the database (${names}). Stop them first.`);
}

interface StateRow {
  readonly schema: boolean;
  readonly migrated: boolean;
}

/** Checks whether the schema `chat` may be replaced. @throws {BackupError} */
async function checkContents(client: ClientBase, replace: boolean): Promise<void> {
  const { rows } = await client.query<StateRow>(
    `SELECT to_regnamespace('chat') IS NOT NULL AS schema, to_regclass('chat.migration') IS NOT NULL
       AND to_regclass('chat.users') IS NOT NULL AS migrated`,
  );
  const [state] = rows as [StateRow];
  if (!state.schema) return;
  if (!state.migrated) {
    throw new BackupError(
      'database-foreign',
      'The database has a schema "chat" that is not that of Parley. Use another database.',
    );
  }
  if (replace) return;
  const { rowCount } = await client.query(
    'SELECT FROM chat.users UNION ALL SELECT FROM chat.channel UNION ALL SELECT FROM chat.audit LIMIT 1',
  );
  if (rowCount === 0) return;
  throw new BackupError(
    'database-not-empty',
    'The database has data already. Restore into an empty database, or replace everything with --replace.',
  );
}

/** Number of objects outside the schema `chat`, for example views of its tables. */
async function countOthers(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT ((SELECT count(*) FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname = 'chat' OR nspname LIKE 'pg\\_%'))
       + (SELECT count(*) FROM pg_constraint WHERE connamespace <> coalesce(to_regnamespace('chat'), 0))
       + (SELECT count(*) FROM pg_proc WHERE pronamespace <> coalesce(to_regnamespace('chat'), 0)))::int AS n`,
  );
  return rows[0]?.n ?? 0;
}

/**
 * Removes the schema `chat`, within the transaction of the client. Its locks keep every other
 * program out until the transaction ends.
 * @throws {BackupError} if the database has data (unless `replace`), or is in use
 */
export async function clearTarget(client: ClientBase, replace: boolean): Promise<void> {
  await checkCluster(client);
  await checkContents(client, replace);
  await checkIdle(client, replace);
  const others = await countOthers(client);
  await client.query('DROP SCHEMA IF EXISTS chat CASCADE');
  await checkIdle(client, replace);
  if ((await countOthers(client)) === others) return;
  throw new BackupError(
    'database-foreign',
    'Objects outside the schema "chat", such as views, use its tables. Drop them first.',
  );
}
