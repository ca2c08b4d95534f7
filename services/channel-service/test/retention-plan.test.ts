import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { Retention } from '../src/history/retention.js';
import * as store from '../src/history/retention-store.js';
import { type Person, Rig } from './rig.js';

/** Number of channels, more than one run looks at. */
const channels = 20_500;
const pageSize = 1_000;
const longest = 30 * 86_400;

let database: TestDatabase;
let rig: Rig;
let pool: Pool;
let me: Person;
let firstId: number;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  pool = openTestPool(database.urlFor('chat_manager'), 2, 'test plans of retention');
  await rig.startManager();
  me = await rig.person();
  // Retention has deleted the first message of each channel, and keeps the second one.
  const { rows } = await rig.owner.query(
    `INSERT INTO chat.channel (name, owner_id, retention_seconds, kind) VALUES ('c', '${me.id}', ${longest}, 'group') RETURNING id`,
  );
  firstId = rows[0].id;
  await rig.owner.query(
    `SET synchronous_commit = off;
     INSERT INTO chat.channel (name, owner_id, retention_seconds, kind)
       SELECT 'c', '${me.id}', ${longest}, 'group' FROM generate_series(2, ${channels}) n;
     SET session_replication_role = replica;
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
       SELECT id, 2, 0, '${me.id}', gen_random_uuid(), now(), 'x', sha256('') FROM chat.channel WHERE id >= ${firstId};
     UPDATE chat.channel_head SET first_seq = 2, last_seq = 2 WHERE channel_id >= ${firstId};
     RESET session_replication_role;
     RESET synchronous_commit;
     ANALYZE;`,
  );
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

/** Returns the largest number of rows that a node of a plan has read. */
function mostRows(plan: string): number {
  const nodes = plan.matchAll(/actual rows=([\d.]+) loops=(\d+)|Rows Removed by [\w ]+: (\d+)/g);
  return Math.max(...Array.from(nodes, ([, rows, loops, removed]) => Number(removed ?? Number(rows) * Number(loops))));
}

/** Returns the values of the parameters of each statement that a run makes for a page. */
function statementsOfPage() {
  const page = { afterId: firstId + 4_999, lastId: firstId + 4_999 + pageSize };
  const { nextPage, findOverRetention, endDeletedLogs, findExpired, purgeChannels, shortenRetention } = store;
  return [
    [nextPage.text, nextPage.valuesOf({ channels: pageSize })],
    [findOverRetention.text, findOverRetention.valuesOf(page)],
    [endDeletedLogs.text, endDeletedLogs.valuesOf(page)],
    [findExpired.text, findExpired.valuesOf(page)],
    [purgeChannels.text, purgeChannels.valuesOf({ ...page, maxChannels: 10 })],
    [shortenRetention.text, shortenRetention.valuesOf({ ...page, maxChannels: 100, longest })],
  ] as const;
}

test.each(planModes)('each statement of retention reads one page of many channels (%s)', async (mode) => {
  for (const [text, values] of statementsOfPage()) {
    const plan = await planOf(rig.owner, { text, values, mode });
    expect(plan).not.toMatch(/Seq Scan on (channel|channel_head|message)\b/);
    if (mostRows(plan) > pageSize) throw new Error(`This plan reads more than a page:\n${plan}`);
  }
});

test('a run looks at 20,000 channels, and the next run continues after them', async () => {
  await rig.owner.query(`UPDATE chat.upkeep_turn SET position = 0;
    UPDATE chat.message SET sent_at = now() - interval '31 d' WHERE channel_id IN (${firstId}, (SELECT max(id) FROM chat.channel))`);
  const old = async () => {
    const { rows } = await rig.owner.query(
      `SELECT channel_id AS id FROM chat.message WHERE sent_at < now() - interval '30 d'`,
    );
    return rows.map(({ id }) => id - firstId);
  };
  await new Retention(pool, { longest }).run();
  expect(await old()).toEqual([channels - 1]);
  await new Retention(pool, { longest }).run();
  expect(await old()).toEqual([]);
});
