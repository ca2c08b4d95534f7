import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

const forGood = 9e15;
let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let opener: Person;
let other: Person;
let id: number;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  await rig.server();
});

beforeEach(async () => {
  [opener, other] = (await rig.persons(2)) as [Person, Person];
  id = (await chats.direct(opener, other.id)).id;
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const listed = async (who: Person) => (await rig.list(who)).map((one) => one.id);
const both = () => [
  [opener, other],
  [other, opener],
];

test('a direct chat refuses deletion, roles and removal of the other user', async () => {
  for (const [one, two] of both() as [Person, Person][]) {
    await expect(rig.remove(one, id)).rejects.toEqual(reason('wrong-kind'));
    for (const change of [{ remove: true }, { role: ranks.owner }, { role: ranks.admin }]) {
      await expect(chats.change(one, id, two, change)).rejects.toEqual(reason('wrong-kind'));
    }
    expect((await rig.list(one, id))[0]).toMatchObject({ myRole: ranks.member, memberCount: 2 });
  }
  const stranger = await rig.person();
  for (const change of [{ remove: true }, { muteUntil: 9e15 }, { banUntil: 9e15 }, { add: true }]) {
    await expect(chats.change(stranger, id, other, change)).rejects.toEqual(reason('channel-not-found'));
  }
  await expect(rig.remove(stranger, id)).rejects.toEqual(reason('channel-not-found'));
  await expect(chats.add(opener, id, stranger)).rejects.toEqual(reason('wrong-kind'));
});

test('a direct chat lets each user leave, get an offer and return by choice', async () => {
  for (const [one, two] of both() as [Person, Person][]) {
    await chats.change(one, id, one, { remove: true });
    expect(await listed(one)).toEqual([]);
    await expect(rig.listen(one, id)).rejects.toEqual(reason('channel-not-found'));
    expect(await chats.direct(two, one.id)).toMatchObject({ id, memberCount: 1 });
    expect(await rig.list(one)).toMatchObject([{ id, myRole: 0, offered: ranks.member }]);
    expect(await chats.direct(one, two.id)).toMatchObject({ id, memberCount: 2, myRole: ranks.member });
  }
});

test('a user gets at most three offers to return in a row, and the other user does not learn of the limit', async () => {
  for (let n = 0; n < 5; n++) {
    await chats.change(other, id, other, { remove: true }).catch(() => undefined);
    expect(await chats.direct(opener, other.id)).toMatchObject({ id });
  }
  expect(await listed(other)).toEqual([]);
});

test('a banned user reads only earlier messages until the ban is lifted', async () => {
  for (const [one, two] of both() as [Person, Person][]) {
    await chats.say(id, one);
    await rig.listen(two, id);
    await chats.change(one, id, two, { banUntil: forGood });
    await expect(rig.listen(two, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.direct(two, one.id)).rejects.toEqual(reason('user-not-found'));
    await expect(chats.join(two, id)).rejects.toEqual(reason('channel-not-found'));
    const { last_seq } = await chats.head(id);
    await chats.say(id, one);
    expect((await chats.seqs(two, id))[0]).toBe(last_seq);
    await chats.change(one, id, two, { banUntil: 0 });
    expect(await chats.direct(two, one.id)).toMatchObject({ id, memberCount: 2 });
    await expect(rig.listen(two, id)).resolves.toBeDefined();
  }
});

test('opening a direct chat adds the other user again after a ban, but not after they left by choice', async () => {
  await rig.listen(opener, id);
  for (const [one, two] of both() as [Person, Person][]) {
    await chats.change(one, id, two, { banUntil: forGood });
    expect(await chats.direct(one, two.id)).toMatchObject({ memberCount: 1 });
    await chats.change(one, id, two, { banUntil: 0 });
    expect(await chats.direct(one, two.id)).toMatchObject({ id, memberCount: 2 });
    expect(await listed(two)).toEqual([id]);
    await expect(rig.listen(two, id)).resolves.toBeDefined();
  }
  await chats.change(other, id, other, { remove: true });
  expect(await chats.direct(opener, other.id)).toMatchObject({ memberCount: 1 });
});

test('a user is added to a direct chat again at most 20 times in a row, and the other user does not learn of the limit', async () => {
  const counts: number[] = [];
  for (let n = 0; n < 22; n++) {
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'change:%'");
    await chats.change(opener, id, other, { banUntil: forGood });
    await chats.change(opener, id, other, { banUntil: 0 });
    counts.push((await chats.direct(opener, other.id)).memberCount);
  }
  expect(counts).toEqual([...Array(20).fill(2), 1, 1]);
});

test('a user who left or was banned can still ban the other', async () => {
  await chats.change(other, id, other, { remove: true });
  await chats.change(other, id, opener, { banUntil: forGood });
  await chats.change(opener, id, other, { banUntil: forGood });
  for (const [one, two] of both() as [Person, Person][]) {
    await expect(chats.direct(one, two.id)).rejects.toEqual(reason('user-not-found'));
  }
});

test('a direct chat lets each user mute the other, who stays a member', async () => {
  await rig.listen(opener, id);
  await chats.change(other, id, opener, { muteUntil: forGood });
  const row = () =>
    rig.one(
      'SELECT left_seq, muted_until IS NOT NULL AS muted FROM chat.member WHERE channel_id = $1 AND user_id = $2',
      id,
      opener.id,
    );
  expect(await row()).toEqual({ left_seq: null, muted: true });
  await expect(chats.change(opener, id, opener, { muteUntil: 0 })).rejects.toEqual(reason('wrong-kind'));
  await chats.change(other, id, opener, { muteUntil: 0 });
  expect(await row()).toEqual({ left_seq: null, muted: false });
});

test('limits a user to 100 first contacts in a row', async () => {
  const { rows } = await rig.owner.query<{ id: string }>(
    `INSERT INTO chat.users (id, name, password_hash) SELECT $1 || '-friend-' || n, 'x', '!' FROM generate_series(1, 120) n RETURNING id`,
    [opener.id],
  );
  const opened: string[] = [];
  for (const { id: friend } of rows) {
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'create:%' OR key LIKE 'change:%'");
    const { reasons } = await outcomes([chats.direct(opener, friend)]);
    opened.push(reasons[0] ?? 'ok');
  }
  const contacts = opened.filter((one) => one === 'ok').length;
  expect(contacts).toBeLessThanOrEqual(99);
  expect(contacts).toBeGreaterThan(90); // A call that a stall interrupts may count, and is repeated.
  expect(opened.at(-1)).toBe('create-too-often');
});
