import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { Retention } from '../src/history/retention.js';
import { Chats, kinds } from './chats.js';
import { type Person, Rig } from './rig.js';

const longest = 30 * 86_400;
const kept = { nothing: undefined, everything: undefined, maxCount: 0 };
const days = (retention: object) => ({ ...kept, seconds: longest, ...retention });

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;
let me: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager({ PARLEY_MAX_RETENTION_DAYS: '30' });
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 2, 'test longest retention');
  me = await rig.person();
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

const create = (retention?: object) =>
  rig.create(me, { name: 'a group', kind: kinds.group, ...(retention && { retention }) });

test.each([
  [undefined, days({})],
  [{ everything: true }, days({})],
  [{ maxCount: 5 }, days({ maxCount: 5 })],
  [{ seconds: longest }, days({})],
  [{ seconds: 60 }, days({ seconds: 60 })],
  [{ nothing: true }, { ...kept, nothing: true, seconds: undefined }],
])('a new chat that requests the retention %j gets %j', async (retention, expected) => {
  expect((await create(retention)).retention).toEqual(expected);
});

test('a room keeps nothing by default, and a direct chat has the longest retention', async () => {
  expect((await rig.create(me, { name: 'a room', limit: 25 })).retention).toMatchObject({ nothing: true });
  expect((await chats.direct(me, (await rig.person()).id)).retention).toEqual(days({}));
});

test('Create and Update refuse a longer retention', async () => {
  const { id } = await create({ seconds: 60 });
  const retention = { seconds: longest + 1 };
  const message = 'This server keeps messages for at most 30 days. Choose a shorter retention.';
  await expect(create(retention)).rejects.toMatchObject({ reason: 'invalid-channel', message });
  await expect(chats.update(me, id, { retention })).rejects.toMatchObject({ reason: 'invalid-channel', message });
});

test('everything means the longest retention in Update, too', async () => {
  const { id } = await create({ seconds: 60 });
  expect((await chats.update(me, id, { retention: { everything: true } })).retention).toEqual(days({}));
});

async function setSeconds(id: number, seconds: number | null): Promise<void> {
  await rig.owner.query('UPDATE chat.channel SET retention_seconds = $2 WHERE id = $1', [id, seconds]);
}

async function retentionsOf(...ids: number[]) {
  const { rows } = await rig.owner.query(
    `SELECT c.retention_seconds AS seconds, c.retention_count AS count, h.revision::int FROM unnest($1::int[]) WITH ORDINALITY i (id, n)
     JOIN chat.channel c USING (id) JOIN chat.channel_head h ON h.channel_id = c.id ORDER BY i.n`,
    [ids],
  );
  return rows;
}

test('channels from before the setting get the longest retention once, and lose older messages', async () => {
  const unlimited = await chats.make(me, 'group');
  const longer = await chats.make(me, 'group', { retention: { maxCount: 9 } });
  const shorter = await chats.make(me, 'group', { retention: { seconds: longest - 1 } });
  const nothing = await chats.make(me, 'room');
  await setSeconds(unlimited, null);
  await setSeconds(longer, longest + 1);
  await chats.say(unlimited, me, 3);
  await chats.age(unlimited, 2, '31 days');
  for (let run = 0; run < 2; run++) await new Retention(pool, { longest }).run();
  expect(await retentionsOf(unlimited, longer, shorter, nothing)).toEqual([
    { seconds: longest, count: null, revision: 1 },
    { seconds: longest, count: 9, revision: 1 },
    { seconds: longest - 1, count: null, revision: 0 },
    { seconds: 0, count: null, revision: 0 },
  ]);
  expect(await chats.stored(unlimited)).toEqual([3]);
});
