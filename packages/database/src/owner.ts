import { loadSql } from './sql-file.js';
import { bool, int8, nullable, text } from './sql-types.js';
import type { Queryable } from './statement.js';

const owner = loadSql('owner.sql', import.meta.url);
const grant = owner.statement('grantAdministrator', { userId: text }, { outcome: text });
const restored = owner.statement('declareRestored', {}, { channels: int8 });
const promoted = owner.statement('declarePromoted', {}, { isFollowed: nullable(bool) });

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
  const [row] = await restored.run(client);
  return row?.channels ?? 0;
}

/**
 * Declares that the promoted standby lacks no transaction, so that channels keep their logs. Returns
 * what was found: a `standby` that is not promoted yet, or a timeline that services have `followed`
 * already.
 * @throws the database error.
 */
export async function declarePromoted(client: Queryable): Promise<'noted' | 'standby' | 'followed'> {
  const [row] = await promoted.run(client);
  if (row?.isFollowed == null) return 'standby';
  return row.isFollowed ? 'followed' : 'noted';
}
