import { int4, loadSql, type Queryable, text } from '@parley/database';

const sql = loadSql('activity.sql', import.meta.url);

export const findRising = sql.statement('findRising', { channelId: int4, listenerId: text }, { ownerId: text });
export const raise = sql.statement('raise', { channelId: int4 });
const follow = sql.statement('followActivity');

/**
 * Updates the order of the public list. Any number of managers may run it at the same time.
 * @throws the database error.
 */
export async function followActivity(pool: Queryable): Promise<void> {
  await follow.run(pool);
}
