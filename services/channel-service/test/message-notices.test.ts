import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { notifyOfMessages } from '../src/inbox/message-notices.js';
import { Indexer } from '../src/search/indexer.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';
import { amend, indexAll } from './search-index.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;
let ann: Person;
let bob: Person;
let carol: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 2, 'test notices');
});

beforeEach(async () => {
  [ann, bob, carol] = (await rig.persons(3)) as [Person, Person, Person];
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
});

interface Said {
  readonly mentions?: readonly string[];
  readonly target?: number;
  readonly age?: string;
}

/** Stores a message as a chat server would. Returns its seq. */
async function say(channelId: number, who: Person, { mentions = [], target, age = '0 s' }: Said = {}): Promise<number> {
  const seq = await chats.say(channelId, who);
  await rig.owner.query(
    'UPDATE chat.message SET mentions = $3, target_seq = $4, sent_at = now() - $5::interval WHERE channel_id = $1 AND seq = $2',
    [channelId, seq, mentions, target ?? null, age],
  );
  return seq;
}

async function noticesOf(who: Person): Promise<string[]> {
  const { rows } = await rig.owner.query<{ kind: string; seq: number; by_id: string }>(
    "SELECT kind, seq, by_id FROM chat.notification WHERE user_id = $1 AND kind IN ('mention', 'reply', 'direct') ORDER BY id",
    [who.id],
  );
  return rows.map(({ kind, seq, by_id }) => `${kind} ${seq} by ${by_id}`);
}

async function group(): Promise<number> {
  const id = await chats.make(ann, 'group');
  await chats.add(ann, id, bob, carol);
  return id;
}

const set = (who: Person, id: number, column: string, value: unknown) =>
  rig.owner.query(`UPDATE chat.member SET ${column} = $3 WHERE channel_id = $1 AND user_id = $2`, [id, who.id, value]);

test('a mention or a reply notifies its user once, however often the log is read', async () => {
  const id = await group();
  const mention = await say(id, ann, { mentions: [bob.id, ann.id] });
  const asked = await say(id, carol);
  const reply = await say(id, bob, { target: asked });
  const both = await say(id, ann, { target: reply, mentions: [bob.id] });
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toEqual([`mention ${mention} by ${ann.id}`, `mention ${both} by ${ann.id}`]);
  expect(await noticesOf(carol)).toEqual([`reply ${asked + 1} by ${bob.id}`]);
  expect(await noticesOf(ann)).toEqual([]);
  await rig.owner.query('UPDATE chat.notice_progress SET seq = 0');
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toHaveLength(2);
});

test('a reply notifies only the sender of a message', async () => {
  const id = await group();
  const { last_seq: entered } = await chats.head(id);
  const asked = await say(id, carol);
  const reaction = await chats.say(id, carol, 1, 3);
  for (const target of [entered, reaction, asked]) await say(id, bob, { target });
  await indexAll(rig, pool);
  expect(await noticesOf(ann)).toEqual([]);
  expect(await noticesOf(carol)).toEqual([`reply ${reaction + 3} by ${bob.id}`]);
});

test('the notifications of a message are deleted after the message', async () => {
  const id = await group();
  const [first, second] = [await say(id, ann, { mentions: [bob.id] }), await say(id, ann, { mentions: [bob.id] })];
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toHaveLength(2);
  await amend.remove(rig, id, first);
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toEqual([`mention ${second} by ${ann.id}`]);
});

test('the statements that follow the logs are planned anew each time, because tables grow', async () => {
  const one = openTestPool(database.urlFor('chat_manager'), 1, 'test plans');
  const id = await group();
  for (let n = 0; n < 8; n++) {
    await say(id, ann);
    await indexAll(rig, one);
  }
  const { rows } = await one.query<{ name: string; anew: number; kept: number }>(
    'SELECT name, custom_plans::int AS anew, generic_plans::int AS kept FROM pg_prepared_statements',
  );
  const planned = rows.filter(({ name }) => !name.startsWith('planAnew'));
  expect(planned.filter(({ kept }) => kept > 0)).toEqual([]);
  expect(planned.find(({ name }) => name.startsWith('notifyOfMessages'))?.anew).toBeGreaterThanOrEqual(8);
  await one.end();
});

test('search words that cannot be stored delay neither notifications nor other channels', async () => {
  const [id, other] = [await group(), await group()];
  const mention = await say(id, ann, { mentions: [bob.id] });
  const found = await say(other, ann);
  await rig.owner.query(`ALTER TABLE chat.search ADD CONSTRAINT planted CHECK (channel_id <> ${id}) NOT VALID`);
  await rig.owner.query("UPDATE chat.upkeep_turn SET taken_at = '-infinity'");
  await expect(new Indexer(pool, notifyOfMessages).run()).rejects.toMatchObject({ constraint: 'planted' });
  expect(await noticesOf(bob)).toEqual([`mention ${mention} by ${ann.id}`]);
  const words = 'SELECT FROM chat.search WHERE channel_id = $1 AND seq = $2';
  expect((await rig.owner.query(words, [other, found])).rowCount).toBe(1);
  await rig.owner.query('ALTER TABLE chat.search DROP CONSTRAINT planted');
  await indexAll(rig, pool);
  expect((await rig.owner.query(words, [id, mention])).rowCount).toBe(1);
  expect(await noticesOf(bob)).toHaveLength(1);
});

test('notifications that fail do not delay the search words', async () => {
  const id = await group();
  const seq = await say(id, ann);
  await rig.owner.query("UPDATE chat.upkeep_turn SET taken_at = '-infinity'");
  await expect(new Indexer(pool, () => Promise.reject(new Error('planted'))).run()).rejects.toThrow('planted');
  const words = 'SELECT FROM chat.search WHERE channel_id = $1 AND seq = $2';
  expect((await rig.owner.query(words, [id, seq])).rowCount).toBe(1);
});

test('a direct message notifies the other user if that user is not in the chat', async () => {
  const { id } = await chats.direct(ann, bob.id);
  const seq = await say(id, ann);
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toEqual([`direct ${seq} by ${ann.id}`]);
  await rig.owner.query(
    `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
     VALUES (gen_random_uuid(), $1, $2, $3, 1, false, true, now())`,
    [bob.id, id, (await rig.server()).instanceId],
  );
  await say(id, ann);
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toHaveLength(1);
});

test('a message does not notify if it is read, deleted or old, if its sender is blocked, or if the user silenced or left the chat', async () => {
  const id = await group();
  const mentions = [bob.id];
  await set(bob, id, 'delivered_seq', 1_000);
  await set(bob, id, 'read_seq', 1_000);
  await say(id, ann, { mentions });
  await indexAll(rig, pool);
  await set(bob, id, 'read_seq', 0);
  const deleted = await say(id, ann, { mentions });
  await rig.owner.query('UPDATE chat.message SET deleted_at = now() WHERE channel_id = $1 AND seq = $2', [id, deleted]);
  await say(id, ann, { mentions, age: '2 h' });
  await indexAll(rig, pool);
  await set(bob, id, 'notify', 'none');
  await say(id, ann, { mentions });
  await indexAll(rig, pool);
  await set(bob, id, 'notify', 'mentions');
  await rig.owner.query('INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, $2)', [bob.id, ann.id]);
  await say(id, ann, { mentions });
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toEqual([]);
  const heard = await say(id, carol, { mentions });
  await indexAll(rig, pool);
  expect(await noticesOf(bob)).toEqual([`mention ${heard} by ${carol.id}`]);
  await chats.change(ann, id, bob, { remove: true });
  await say(id, carol, { mentions });
  await indexAll(rig, pool);
  expect((await noticesOf(bob)).length).toBeLessThanOrEqual(1);
});
