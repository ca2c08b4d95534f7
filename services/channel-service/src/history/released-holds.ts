import { array, int4, int8, loadSql, nullable, type Pool } from '@parley/database';
import type { KeepTurn } from '../transactions/turns.js';

const sql = loadSql('released-holds.sql', import.meta.url);
const findReleasedHolds = sql.statement('findReleasedHolds', { maxHolds: int8 }, { id: int4 });
const deleteReleased = sql.statement('deleteReleased', { afterId: int8, size: int8 }, { lastId: nullable(int8) });
const deleteHolds = sql.statement('deleteHolds', { ids: array(int4) });

const holdsPerRun = 1_000;
const copiesPerSlice = 1_000;

/**
 * Deletes legal holds that were released a minute ago, with the copies of messages that no other
 * hold covers. An interrupted run starts again.
 * @throws the error of the database
 */
export async function endReleasedHolds(pool: Pool, keep: KeepTurn): Promise<void> {
  const released = await findReleasedHolds.run(pool, { maxHolds: holdsPerRun });
  if (released.length === 0) return;
  for (let afterId: number | null = 0; afterId !== null; ) {
    await keep();
    const pages: readonly { readonly lastId: number | null }[] = await deleteReleased.run(pool, {
      afterId,
      size: copiesPerSlice,
    });
    afterId = pages[0]?.lastId ?? null;
  }
  await deleteHolds.run(pool, { ids: released.map(({ id }) => id) });
}
