import type { Queryable } from './statements.js';

/** The actor in the audit where it was the owner of the database; no user id is like it. */
const owner = '(database)';

/**
 * Makes a user an active administrator, as the owner of the database. False where there is no such user, or it is a guest.
 * Throws the database error.
 */
export async function grantAdministrator(client: Queryable, userId: string): Promise<boolean> {
  const { rows } = await client.query<{ outcome: string }>(
    "SELECT chat.set_user($1, $2, 'admin', 'active') AS outcome",
    [owner, userId],
  );
  return rows[0]?.outcome === 'done';
}
