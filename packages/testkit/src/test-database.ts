import { randomUUID } from 'node:crypto';
import {
  createDatabaseFor,
  createPool,
  dropDatabaseFor,
  migrate,
  type Pool,
  roleUrl,
  type ServiceRole,
} from '@parley/database';

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

/** Creates the template, unless another test file already has. Concurrent callers wait. */
async function ensureTemplate(server: Pool, serverUrl: string): Promise<void> {
  await server.query('SELECT pg_advisory_lock(hashtext($1))', [template]); // The lock is released when the pool ends.
  const { rowCount } = await server.query('SELECT FROM pg_database WHERE datname = $1', [template]);
  if (rowCount !== 0) return;
  const draft = `${template}_draft`;
  await dropDatabaseFor(serverUrl, draft);
  await migrate(await createDatabaseFor(serverUrl, draft));
  await server.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
}

/** Copies the template and grants the rights on the database, which are not part of a copy. */
async function copyTemplate(serverUrl: string, name: string): Promise<void> {
  const server = createPool({ url: serverUrl, applicationName: 'test', max: 1 });
  try {
    await ensureTemplate(server, serverUrl);
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    await server.query(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  } finally {
    await server.end();
  }
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
  await copyTemplate(serverUrl, name);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const ownerUrl = url.href;
  return {
    ownerUrl,
    urlFor: (role) => roleUrl(ownerUrl, role, rolePasswords[role]),
    close: () => dropDatabaseFor(serverUrl, name),
  };
}
