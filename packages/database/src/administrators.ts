import type { Queryable } from './statement.js';

/** Audit actor of the database owner; it is not a valid user id. */
const owner = '(database)';

/**
 * Makes a user an active operator, as the owner of the database. Returns false if the user does not
 * exist or is a guest.
 * @throws the database error.
 */
export async function grantAdministrator(client: Queryable, userId: string): Promise<boolean> {
  const { rows } = await client.query<{ outcome: string }>(
    "SELECT chat.set_user($1, $2, 'admin', 'active') AS outcome",
    [owner, userId],
  );
  return rows[0]?.outcome === 'done';
}
