import {
  bool,
  db,
  float8,
  int8,
  loadSql,
  type Queryable,
  type RowOf,
  sql,
  text,
  timestamptz,
  uuid,
} from '@parley/database';

const sessions = loadSql('sessions.sql', import.meta.url);

export const openSession = sessions.statement(
  'openSession',
  { userId: text, verifiedHash: text, device: text, address: text, lifeSeconds: float8 },
  { sessionId: uuid, expiresAt: timestamptz, mustChangePassword: bool },
);
export const listSessions = sessions.statement(
  'listSessions',
  { userId: text, size: int8 },
  { id: uuid, device: text, address: text, createdAt: timestamptz, expiresAt: timestamptz },
);

export type ListedSession = RowOf<typeof listSessions>;

const purgedAtOnce = 10_000;

/**
 * Deletes expired sessions a day late, so that a stream that ends with its session can still learn
 * why.
 */
export async function purgeSessions(client: Queryable): Promise<void> {
  while ((await purgeSomeSessions(client)) === purgedAtOnce);
}

/** Returns the number of deleted sessions. */
async function purgeSomeSessions(client: Queryable): Promise<number> {
  const old = db(client)
    .selectFrom('session')
    .select('id')
    .where('expiresAt', '<', sql<Date>`now() - interval '1 day'`)
    .limit(purgedAtOnce);
  const { numDeletedRows } = await db(client).deleteFrom('session').where('id', 'in', old).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Sessions of a user to end; without either field, all. */
export interface SessionSelection {
  readonly only?: string;
  readonly except?: string;
}

/**
 * Ends sessions, deletes their seats and returns the number of sessions. The reconciler of each
 * chat server ends their streams. Call it inside a transaction.
 */
export async function endSessions(client: Queryable, userId: string, filter: SessionSelection): Promise<number> {
  const ended = await revokeSessions(client, userId, filter);
  // This is a second statement, so that it sees the seats of a Listen that held the row of a
  // session.
  await db(client).deleteFrom('seat').where('sessionId', '=', sql<string>`ANY (${ended}::uuid[])`).execute();
  return ended.length;
}

async function revokeSessions(
  client: Queryable,
  userId: string,
  { only, except }: SessionSelection,
): Promise<string[]> {
  let update = db(client)
    .updateTable('session')
    .set({ revokedAt: sql<Date>`now()` })
    .where('userId', '=', userId)
    .where('revokedAt', 'is', null);
  if (only !== undefined) update = update.where('id', '=', only);
  if (except !== undefined) update = update.where('id', '<>', except);
  const rows = await update.returning('id').execute();
  return rows.map(({ id }) => id);
}
