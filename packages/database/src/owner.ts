import { loadSql } from './sql-file.js';
import { int8, text } from './sql-types.js';
import type { Queryable } from './statement.js';

const owner = loadSql('owner.sql', import.meta.url);
const grant = owner.statement('grantAdministrator', { userId: text }, { outcome: text });
const forgetEvents = owner.statement('forgetEvents', {}, {});
const markLostEvents = owner.statement('markLostEvents', {}, {});
const restored = owner.statement('declareRestored', {}, { channels: int8 });

/**
 * Makes a user an active operator, as the owner of the database. Returns false if the user does not
 * exist or is a guest. The audit names `(database)` as the actor, which is not a valid user id.
 * @throws the database error.
 */
export async function grantAdministrator(client: Queryable, userId: string): Promise<boolean> {
  const [row] = await grant.run(client, { userId });
  return row?.outcome === 'done';
}

/**
 * Prepares a database restored from a backup: gives every channel a new log, so that no seq is used
 * twice, and forgets the events of the other cluster, so that inboxes reset. Returns the number of
 * channels.
 * @throws the database error.
 */
export async function declareRestored(client: Queryable): Promise<number> {
  await forgetEvents.run(client);
  await markLostEvents.run(client);
  const [row] = await restored.run(client);
  return row?.channels ?? 0;
}
