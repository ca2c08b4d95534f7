import { randomUUID } from 'node:crypto';
import {
  copyDatabaseFor,
  createDatabaseFor,
  createPool,
  dropDatabaseFor,
  migrate,
  openRoles,
  type Pool,
  roleUrl,
  SERVICE_ROLES,
  type ServiceRole,
} from '@parley/database';
import { insist } from './until.js';

/** Environment variable with the URL of the PostgreSQL of this run. */
export const ownerVariable = 'TEST_POSTGRES_URL';

/**
 * Passwords of the roles. Roles belong to the whole server, so every test database uses the same
 * ones.
 */
export const rolePasswords: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'test-user',
  chat_manager: 'test-manager',
  chat_server: 'test-server',
  chat_gateway: 'test-gateway',
};

/** Opens a pool for a test. It waits up to a minute for a connection, because the machine may be busy. */
export function openTestPool(url: string, max = 1, applicationName = 'test'): Pool {
  return createPool({ url, applicationName, max, connectWithinMs: 60_000 });
}

/** A migrated database for one test file. */
export interface TestDatabase {
  /** URL of the owner, with every privilege. */
  readonly ownerUrl: string;
  /** Returns the URL for the role of a service. */
  urlFor(role: ServiceRole): string;
  /** Drops the database with its connections. */
  close(): Promise<void>;
}

/** Name of the migrated database that every test database is a copy of. */
const template = 'parley_template';

/**
 * Creates the template and the roles. Removes the comments that bind the roles to one database:
 * normally a cluster holds one Parley, but here the databases of all test files share its roles.
 */
export async function prepareServer(serverUrl: string): Promise<void> {
  const url = await createDatabaseFor(serverUrl, template);
  await migrate(url);
  await openRoles(url, rolePasswords);
  const server = openTestPool(serverUrl);
  for (const role of SERVICE_ROLES) await server.query(`COMMENT ON ROLE ${role} IS NULL`);
  await server.end();
}

/**
 * Creates a migrated database in the PostgreSQL of this jest run.
 * @throws {Error} outside of jest, or the database error
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env[ownerVariable];
  if (serverUrl === undefined)
    throw new Error('There is no test database. Run the tests with the jest.config.js of the root folder.');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const ownerUrl = await insist(() => copyDatabaseFor(serverUrl, template, name));
  return {
    ownerUrl,
    urlFor: (role) => roleUrl(ownerUrl, role, rolePasswords[role]),
    close: () => insist(() => dropDatabaseFor(serverUrl, name)),
  };
}

/** Ends all connections to a database, and lets it accept no new ones until `work` has ended. */
export async function whileClosed(databaseUrl: string, work: () => Promise<unknown>): Promise<void> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const server = openTestPool(url.href);
  try {
    await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    await work();
  } finally {
    await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await server.end();
  }
}
