import { randomUUID } from 'node:crypto';
import { createDatabaseFor, dropDatabaseFor, migrate, roleUrl, type ServiceRole } from '@parley/database';

/** Where the global set-up tells the test files about its PostgreSQL. */
export const ownerVariable = 'TEST_POSTGRES_URL';

/** Roles belong to the whole server, so every test database opens with the same passwords. */
export const rolePasswords: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'test-user',
  chat_manager: 'test-manager',
  chat_server: 'test-server',
  chat_gateway: 'test-gateway',
};

/** A migrated database of one test file. */
export interface TestDatabase {
  /** May do everything. */
  readonly ownerUrl: string;
  /** As that service sees it. */
  urlFor(role: ServiceRole): string;
  /** Drops it, and every connection to it. */
  close(): Promise<void>;
}

/**
 * A new, empty, migrated database in the PostgreSQL of this jest run.
 * @throws {Error} one sentence outside of jest, else the database error.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env[ownerVariable];
  if (serverUrl === undefined)
    throw new Error('there is no test database: run the tests with the jest.config.js of the root');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const ownerUrl = await createDatabaseFor(serverUrl, name);
  await migrate(ownerUrl);
  return {
    ownerUrl,
    urlFor: (role) => roleUrl(ownerUrl, role, rolePasswords[role]),
    close: () => dropDatabaseFor(serverUrl, name),
  };
}
