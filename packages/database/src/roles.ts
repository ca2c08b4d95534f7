import pg from 'pg';
import { ignoreEnvironment } from './environment.js';
import type { Queryable } from './statement.js';

export type ServiceRole = 'chat_user' | 'chat_manager' | 'chat_server' | 'chat_gateway';

export const SERVICE_ROLES: readonly ServiceRole[] = ['chat_user', 'chat_manager', 'chat_server', 'chat_gateway'];

/**
 * Longest wait, in milliseconds, for a connection of the owner. It is long, because commands of the
 * owner are not repeated, and must succeed on a busy machine too.
 */
export const ownerConnectMs = 30_000;

/** Runs `work` on a new connection and closes it afterwards. @throws the error of `work`. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  ignoreEnvironment();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ownerConnectMs });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const marker = 'Parley in the database';

/**
 * Checks that no other Parley uses the cluster. Roles belong to the whole cluster, so a second
 * Parley would change the first one's passwords and could read its database.
 * @throws {Error} with one sentence if the roles belong to another database that still exists.
 */
export async function checkCluster(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT d.datname AS name FROM pg_roles r JOIN pg_database d ON shobj_description(r.oid, 'pg_authid') = $1 || ' ' || d.oid
     WHERE r.rolname = ANY ($2) AND d.datname <> current_database()`,
    [marker, [...SERVICE_ROLES]],
  );
  const [other] = rows;
  if (other === undefined) return;
  throw new Error(
    `The database ${other.name} of this PostgreSQL server already holds a Parley. Use another PostgreSQL server, or drop that database.`,
  );
}

/**
 * Maximum size of the temporary files of one session. No statement of a service needs temporary
 * files.
 */
const tempFileLimit = '64MB';

/**
 * Returns the statements that let a role log in and set its defaults: no session waits or idles
 * forever, and no role takes all connections. A stolen role may have changed its own defaults, for
 * example to make all its sessions read-only for good, so they are reset first.
 */
function changesOf(
  role: ServiceRole,
  password: string,
  connections: number,
  { name: database, limits_files: limitsFiles }: DatabaseRow,
): string[] {
  const defaults = {
    ...{ lock_timeout: '4s', statement_timeout: '60s', idle_in_transaction_session_timeout: '5s' },
    ...(limitsFiles ? { temp_file_limit: tempFileLimit } : {}),
  };
  return [
    `ALTER ROLE ${role} RESET ALL`,
    `ALTER ROLE ${role} IN DATABASE ${pg.escapeIdentifier(database)} RESET ALL`,
    `ALTER ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)} CONNECTION LIMIT ${connections}`,
    ...Object.entries(defaults).map(([name, value]) => `ALTER ROLE ${role} SET ${name} = '${value}'`),
  ];
}

/**
 * The current database, and whether its owner may limit temporary files. PostgreSQL allows that
 * only to superusers, unless they grant it.
 */
interface DatabaseRow {
  readonly oid: number;
  readonly name: string;
  readonly limits_files: boolean;
}

/**
 * Share of the regular connections each role may take. The sum exceeds the total, but no role gets
 * all.
 */
export const connectionShares: Readonly<Record<ServiceRole, number>> = {
  chat_user: 0.3,
  chat_manager: 0.5,
  chat_server: 0.7,
  chat_gateway: 0.3,
};

/** Connections of a process besides its pool: for searches, for the append queue, and for LISTEN. */
export const extraConnections: Readonly<Record<ServiceRole, number>> = {
  chat_user: 0,
  chat_manager: 2,
  chat_server: 3,
  chat_gateway: 1,
};

/** Returns the number of connections that processes use at most, if the pool of each has `ofEach`. */
export function connectionsFor(processes: Partial<Readonly<Record<ServiceRole, number>>>, ofEach: number): number {
  return SERVICE_ROLES.reduce((sum, role) => sum + (processes[role] ?? 0) * (ofEach + extraConnections[role]), 0);
}

/**
 * Returns the number of connections for roles that are not superusers.
 * @throws the database error.
 */
export async function usableConnections(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ usable: number }>(
    `SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)::int AS usable FROM pg_settings
     WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')`,
  );
  return rows[0]?.usable ?? 0;
}

/**
 * Lets the four roles (created by the migrations) log in with these passwords. Several processes
 * may call it at the same time on one database.
 * @throws {Error} with one sentence if another Parley has the roles; otherwise the database error,
 *   e.g. if the caller may not alter roles.
 */
export async function openRoles(ownerUrl: string, passwords: Readonly<Record<ServiceRole, string>>): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    await checkCluster(client);
    const usable = await usableConnections(client);
    const { rows } = await client.query<DatabaseRow>(
      `SELECT oid, datname AS name, has_parameter_privilege('temp_file_limit', 'SET') AS limits_files
       FROM pg_database WHERE datname = current_database()`,
    );
    const [database] = rows as [DatabaseRow];
    const changes = SERVICE_ROLES.flatMap((role) => [
      ...changesOf(role, passwords[role], Math.max(5, Math.floor(usable * connectionShares[role])), database),
      `COMMENT ON ROLE ${role} IS '${marker} ${database.oid}'`,
    ]);
    // Simple protocol: one implicit transaction, so the lock is held until all four roles are set.
    await client.query(["SELECT pg_advisory_xact_lock(hashtext('chat.roles'))", ...changes].join(';'));
  });
}

/** Returns the owner's URL with the name and password of `role`. */
export function roleUrl(ownerUrl: string, role: ServiceRole, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}

/**
 * Creates an empty UTF-8 database `name` in the cluster of `ownerUrl` and returns its URL.
 * @throws the database error.
 */
export async function createDatabaseFor(ownerUrl: string, name: string): Promise<string> {
  await withClient(ownerUrl, (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} ENCODING 'UTF8' TEMPLATE template0`),
  );
  return databaseUrl(ownerUrl, name);
}

/**
 * Creates the database `name` as a copy of the migrated database `template`, to which nobody may be
 * connected, and returns its URL. Takes TEMPORARY from PUBLIC again, because rights on a database are
 * not part of a copy.
 * @throws the database error.
 */
export async function copyDatabaseFor(ownerUrl: string, template: string, name: string): Promise<string> {
  const [from, to] = [template, name].map(pg.escapeIdentifier);
  await withClient(ownerUrl, async (client) => {
    await client.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
    await client.query(`REVOKE TEMPORARY ON DATABASE ${to} FROM PUBLIC`);
  });
  return databaseUrl(ownerUrl, name);
}

function databaseUrl(ownerUrl: string, name: string): string {
  const url = new URL(ownerUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/**
 * Drops the database `name`, if it exists, and every connection to it.
 * @throws the database error.
 */
export async function dropDatabaseFor(ownerUrl: string, name: string): Promise<void> {
  await withClient(ownerUrl, (client) =>
    client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  );
}
