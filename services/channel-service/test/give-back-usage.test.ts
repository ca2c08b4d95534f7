import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { startLog } from '../src/channels/channel-store.js';
import { Retention } from '../src/history/retention.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 4, 'test usage');
});
afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

const weight = `octet_length(data) + octet_length(content_type) + octet_length(array_to_string(mentions, ''))`;
const ofChannel = `SELECT count(*)::int AS rows, coalesce(sum(${weight}), 0)::int AS bytes FROM chat.message WHERE channel_id = $1`;
const ofUser = `SELECT count(*)::int AS rows, coalesce(sum(${weight}), 0)::int AS bytes FROM chat.message WHERE sender_id = $1 AND kind <> 8`;

/** Sets the usage that chat servers would have counted. */
async function count(id: number, people: readonly Person[]): Promise<void> {
  await rig.owner.query(
    `UPDATE chat.channel_head SET (stored_rows, stored_bytes) = (${ofChannel}) WHERE channel_id = $1`,
    [id],
  );
  for (const one of people)
    await rig.owner.query(`INSERT INTO chat.usage (user_id, rows, bytes) SELECT $1, * FROM (${ofUser}) x`, [one.id]);
}

async function expectCounted(id: number, people: readonly Person[]): Promise<void> {
  const { rows: head } = await rig.owner.query(
    'SELECT stored_rows::int AS rows, stored_bytes::int AS bytes FROM chat.channel_head WHERE channel_id = $1',
    [id],
  );
  expect(head).toEqual((await rig.owner.query(ofChannel, [id])).rows);
  for (const one of people) {
    const { rows: usage } = await rig.owner.query(
      'SELECT rows::int AS rows, bytes::int AS bytes FROM chat.usage WHERE user_id = $1',
      [one.id],
    );
    expect(usage).toEqual((await rig.owner.query(ofUser, [one.id])).rows);
  }
}

async function groupOfTwo(retention: { seconds: number }): Promise<{ id: number; people: [Person, Person] }> {
  const people: [Person, Person] = [await rig.person(), await rig.person()];
  const id = await chats.make(people[0], 'group', { retention });
  await chats.add(people[0], id, people[1]);
  const first = (await chats.head(id)).last_seq as number;
  for (const one of people) await chats.say(id, one, 5);
  await rig.owner.query(
    "UPDATE chat.message SET mentions = '{ann,bob}', content_type = 'text/x' WHERE channel_id = $1 AND seq > $2",
    [id, first],
  );
  await count(id, people);
  return { id, people };
}

test('counts a membership change against its channel', async () => {
  const [me, other] = [await rig.person(), await rig.person()];
  const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
  await chats.add(me, id, other);
  await expectCounted(id, []);
  expect((await rig.owner.query(ofChannel, [id])).rows[0].bytes).toBeGreaterThan(0);
});

test('subtracts deleted entries from the usage of channel and senders', async () => {
  const { id, people } = await groupOfTwo({ seconds: 3_600 });
  await chats.age(id, 8, '61 min');
  await new Retention(pool).run();
  expect((await chats.stored(id)).length).toBeLessThan(10);
  await expectCounted(id, people);
});

test('entries that are deleted when history is turned off or on no longer count', async () => {
  const { id, people } = await groupOfTwo({ seconds: 3_600 });
  await chats.update(people[0], id, { retention: { nothing: true } });
  await chats.update(people[0], id, { retention: { seconds: 3_600 } });
  expect(await chats.stored(id)).toEqual([]);
  await expectCounted(id, people);
});

test('resets the totals of a channel when its log is replaced', async () => {
  const { id, people } = await groupOfTwo({ seconds: 3_600 });
  await startLog.run(pool, { channelId: id, hasHistory: true });
  expect(await chats.stored(id)).toEqual([]);
  await expectCounted(id, people);
});

test('the purge of a deleted channel gives usage back to the senders', async () => {
  const { id, people } = await groupOfTwo({ seconds: 3_600 });
  await rig.owner.query("UPDATE chat.channel SET deleted_at = now() - interval '25 h' WHERE id = $1", [id]);
  await rig.owner.query("UPDATE chat.message SET sent_at = now() - interval '1 h' WHERE channel_id = $1", [id]);
  for (let n = 0; n < 2; n++) await new Retention(pool).run();
  expect(await chats.stored(id)).toEqual([]);
  for (const one of people) {
    const { rows } = await rig.owner.query(
      'SELECT rows::int AS rows, bytes::int AS bytes FROM chat.usage WHERE user_id = $1',
      [one.id],
    );
    expect(rows).toEqual([{ rows: 0, bytes: 0 }]);
  }
});
