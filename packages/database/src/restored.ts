import type { Queryable } from './statement.js';

/**
 * Prepares a database restored from a backup: gives every channel a new log, so that no seq is used
 * twice. Returns the number of channels.
 * @throws the database error.
 */
export async function declareRestored(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ channels: number }>('SELECT chat.restored() AS channels');
  return rows[0]?.channels ?? 0;
}
