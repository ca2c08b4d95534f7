import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let member: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  [owner, member] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

/** Sends replies to a message. Returns the seq of the last one. */
async function reply(id: number, who: Person, root: number, count = 1): Promise<number> {
  const last = await chats.say(id, who, count);
  await rig.owner.query('UPDATE chat.message SET target_seq = $2 WHERE channel_id = $1 AND seq > $3 AND kind = 0', [
    id,
    root,
    last - count,
  ]);
  return last;
}

async function repliesTo(who: Person, id: number, root: number) {
  const { messages } = await chats.history(who, id, { beforeSeq: root + 1, size: 1 });
  expect(messages[0]?.seq).toBe(root);
  return messages[0]?.replies;
}

const remove = (id: number, seq: number) =>
  rig.owner.query("UPDATE chat.message SET data = '', deleted_at = now() WHERE channel_id = $1 AND seq = $2", [
    id,
    seq,
  ]);

test('a message has the number of its replies and the last one', async () => {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, member);
  const root = await chats.say(id, owner);
  expect(await repliesTo(owner, id, root)).toBeUndefined();
  await reply(id, owner, root, 2);
  const last = await reply(id, member, root);
  await chats.say(id, owner);
  expect(await repliesTo(owner, id, root)).toMatchObject({ count: 3, lastSeq: last, lastSender: member.id });
  expect((await repliesTo(owner, id, root))?.lastAt).toBeGreaterThan(1_600_000_000_000);
  expect(await repliesTo(owner, id, last)).toBeUndefined();
});

test('deleted replies do not count, nor do edits and reactions', async () => {
  const id = await chats.make(owner, 'group');
  const root = await chats.say(id, owner);
  const last = await reply(id, owner, root, 2);
  for (const kind of [1, 3, 5]) await chats.say(id, owner, 2, kind);
  expect(await repliesTo(owner, id, root)).toMatchObject({ count: 2, lastSeq: last });
  await remove(id, last);
  expect(await repliesTo(owner, id, root)).toMatchObject({ count: 1, lastSeq: last - 1 });
  await remove(id, last - 1);
  expect(await repliesTo(owner, id, root)).toBeUndefined();
});

test('a former member sees no reply after the removal, but a returned member does', async () => {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, member);
  const root = await chats.say(id, owner);
  const before = await reply(id, owner, root);
  await chats.change(owner, id, member, { remove: true });
  const after = await reply(id, owner, root, 3);
  expect(await repliesTo(member, id, root)).toMatchObject({ count: 1, lastSeq: before });
  expect(await repliesTo(owner, id, root)).toMatchObject({ count: 4, lastSeq: after });
  await chats.add(owner, id, member);
  expect(await repliesTo(member, id, root)).toMatchObject({ count: 4, lastSeq: after });
});

test('users of a room see all replies, even users who are muted', async () => {
  const id = (await rig.create(owner, { name: 'a room', limit: 5, retention: { everything: true } })).id;
  const root = await chats.say(id, owner);
  await reply(id, owner, root, 2);
  await chats.change(owner, id, member, { muteUntil: Date.now() + 3_600_000 });
  for (const who of [owner, member]) expect(await repliesTo(who, id, root)).toMatchObject({ count: 2 });
});

test('replies are counted up to 1,000', async () => {
  const id = await chats.make(owner, 'group');
  const root = await chats.say(id, owner);
  const last = await reply(id, owner, root, 1_100);
  expect(await repliesTo(owner, id, root)).toMatchObject({ count: 1_000, lastSeq: last });
});
