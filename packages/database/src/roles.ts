import pg from 'pg';

export type ServiceRole = 'chat_user' | 'chat_manager' | 'chat_server' | 'chat_gateway';

export const SERVICE_ROLES: readonly ServiceRole[] = ['chat_user', 'chat_manager', 'chat_server', 'chat_gateway'];

/** Runs `work` on one connection of its own. Throws what it throws. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Lets the four roles (made by the migrations) log in with these passwords. Safe when several processes do it at
 * once in the same database. Throws the database error, e.g. if the caller may not alter roles.
 */
export async function openRoles(ownerUrl: string, passwords: Readonly<Record<ServiceRole, string>>): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    const changes = SERVICE_ROLES.map(
      (role) => `ALTER ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(passwords[role])}`,
    );
    // Simple protocol: one implicit transaction, so the lock is held until all four are done.
    await client.query(["SELECT pg_advisory_xact_lock(hashtext('chat.roles'))", ...changes].join(';'));
  });
}

/** The owner's URL with the name and password of `role` instead of the owner's. */
export function roleUrl(ownerUrl: string, role: ServiceRole, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}

/** Makes an empty UTF-8 database `name` in the cluster of `ownerUrl`; answers its URL. Throws the database error. */
export async function createDatabaseFor(ownerUrl: string, name: string): Promise<string> {
  await withClient(ownerUrl, (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} ENCODING 'UTF8' TEMPLATE template0`),
  );
  const url = new URL(ownerUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** Drops the database `name`, if it is there, and every connection to it. Throws the database error. */
export async function dropDatabaseFor(ownerUrl: string, name: string): Promise<void> {
  await withClient(ownerUrl, (client) =>
    client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  );
}
