import type { Queryable } from './statements.js';

/**
 * Tells a database that it was restored from a backup: every channel gets another log, and no number is given out a second time. Answers how
 * many channels there are. Throws the database error.
 */
export async function declareRestored(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ channels: number }>('SELECT chat.restored() AS channels');
  return rows[0]?.channels ?? 0;
}
