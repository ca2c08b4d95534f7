import { type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);

export const rising = sql<{ owner_id: string }, [channelId: number, listenerId: string]>('rising');

export const use = sql<never, [channelId: number]>('use');

const follow = sql('follow-activity');

/**
 * Updates the order of the listing. Any number of managers may run it at the same time.
 * @throws the database error.
 */
export async function followActivity(pool: Queryable): Promise<void> {
  await follow.run(pool, []);
}
