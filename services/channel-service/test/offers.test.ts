import { ChannelService, ListChannelsRequest } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let friend: Person;
let other: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  [owner, friend, other] = (await rig.persons(3)) as [Person, Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

async function mine(who: Person) {
  const { manager } = rig;
  const request = ListChannelsRequest.fromPartial({ mine: true });
  const { channels } = await callPatiently(manager, ChannelService.listChannels, request, {
    token: who.token,
    withinMs: 30_000,
  });
  return channels;
}

const owns = async (who: Person) =>
  (await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.channel WHERE owner_id = $1', who.id)).n;

describe.each(['room', 'group', 'public', 'private'] as const)('handing over a %s', (kind) => {
  let id: number;

  beforeEach(async () => {
    id = await chats.make(owner, kind);
    if (kind !== 'room') await chats.add(owner, id, friend, other);
  });

  test('an offer of ownership changes nothing before the other user accepts', async () => {
    const isMember = kind === 'room' ? ranks.none : ranks.member;
    expect(await chats.change(owner, id, friend, { role: ranks.owner })).toMatchObject({
      memberRole: isMember,
      offered: ranks.owner,
    });
    expect(await owns(friend)).toBe(0);
    expect(await mine(friend)).toMatchObject([{ id, ownerId: owner.id, myRole: isMember, offered: ranks.owner }]);
    expect(await chats.change(friend, id, friend, { role: ranks.owner })).toMatchObject({
      memberRole: ranks.owner,
      offered: 0,
    });
    expect(await mine(friend)).toMatchObject([{ id, ownerId: friend.id, myRole: ranks.owner, offered: 0 }]);
    await expect(chats.change(owner, id, other, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
  });

  test('an offer of ownership can be declined or withdrawn, and lapses', async () => {
    await chats.change(owner, id, friend, { role: ranks.owner });
    await chats.change(friend, id, friend, { role: ranks.member });
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
    await chats.change(owner, id, friend, { role: ranks.owner });
    await chats.change(owner, id, friend, { role: ranks.member });
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
    await chats.change(owner, id, friend, { role: ranks.owner });
    await rig.owner.query("UPDATE chat.offer SET lapses_at = now() - interval '1 s'");
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
    expect((await rig.list(owner, id))[0]).toMatchObject({ ownerId: owner.id });
  });

  test('only the last user with an offer of ownership can accept it, and offers of a former owner are void', async () => {
    await chats.change(owner, id, friend, { role: ranks.owner });
    await chats.change(owner, id, other, { role: ranks.owner });
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
    await expect(chats.change(owner, id, owner, { role: ranks.owner })).rejects.toEqual(reason('owner-stays'));
    await chats.change(other, id, other, { role: ranks.owner });
    expect((await rig.list(other, id))[0]).toMatchObject({ ownerId: other.id });
  });

  test('ownership can be offered to a user three times in a row', async () => {
    const tries = Array.from({ length: 5 }, () => chats.change(owner, id, friend, { role: ranks.owner }));
    const { answers, reasons } = await outcomes(tries);
    expect([answers.length, reasons]).toEqual([3, ['change-too-often', 'change-too-often']]);
  });
});

test('a user has a limited number of open offers', async () => {
  const rooms: number[] = [];
  for (let n = 0; n < 3; n++) {
    const giver = await rig.person();
    for (let m = 0; m < 8; m++) rooms.push(await rig.room(giver));
  }
  const calls = rooms.map(async (id) => {
    const { owner_id } = await rig.one<{ owner_id: string }>('SELECT owner_id FROM chat.channel WHERE id = $1', id);
    await rig.owner.query(
      "INSERT INTO chat.offer (channel_id, user_id, role, offered_by) SELECT $1, $2, 'owner', $3 WHERE $4",
      [id, friend.id, owner_id, rooms.indexOf(id) < 20],
    );
  });
  await Promise.all(calls);
  const room = await rig.room(owner);
  await expect(chats.change(owner, room, friend, { role: ranks.owner })).rejects.toEqual(reason('too-many-offers'));
  expect(await mine(friend)).toHaveLength(20);
});

describe.each(['group', 'private', 'public'] as const)('a user who left a %s', (kind) => {
  let id: number;

  beforeEach(async () => {
    id = await chats.make(owner, kind);
    await chats.add(owner, id, friend, other);
    await chats.change(friend, id, friend, { remove: true });
  });

  test('a user who left gets an offer and becomes a member only by accepting', async () => {
    expect(await chats.change(owner, id, friend, { add: true })).toMatchObject({
      memberRole: 0,
      offered: ranks.member,
    });
    expect(await mine(friend)).toMatchObject([
      { id, myRole: 0, offered: ranks.member, users: [], lastSeq: 0, log: '' },
    ]);
    expect((await chats.members(owner, id)).users.find((one) => one.id === friend.id)).toMatchObject({
      memberRole: 0,
      offered: ranks.member,
    });
    await chats.say(id, owner, 2);
    const last = (await chats.seqs(friend, id))[0] ?? 0;
    expect(last).toBeLessThan((await chats.head(id)).last_seq);
    expect(await chats.join(friend, id)).toMatchObject({ myRole: ranks.member, offered: 0 });
  });

  test.each([
    ['adding themselves', { add: true }],
    ['taking the role', { role: ranks.member }],
  ])('a user who left accepts an offer by %s', async (_name, change) => {
    await chats.add(owner, id, friend);
    expect(await chats.change(friend, id, friend, change)).toMatchObject({ memberRole: ranks.member });
    await expect(chats.add(owner, id, friend)).resolves.toMatchObject([{ memberRole: ranks.member }]);
  });

  test('a user who left may decline offers, and gets at most three in a row', async () => {
    for (let n = 0; n < 3; n++) {
      await chats.add(owner, id, friend);
      await chats.change(friend, id, friend, { remove: true });
      expect(await mine(friend)).toEqual([]);
    }
    await expect(chats.add(owner, id, friend)).rejects.toEqual(reason('change-too-often'));
  });

  test('a ban ends a pending offer', async () => {
    await chats.add(owner, id, friend);
    await chats.change(owner, id, friend, { banUntil: 9e15 });
    expect(await mine(friend)).toEqual([]);
    await expect(chats.add(owner, id, friend)).rejects.toEqual(reason('banned'));
  });
});

test('a removed user can be added again without consent', async () => {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, friend);
  await chats.change(owner, id, friend, { remove: true });
  expect(await chats.add(owner, id, friend)).toMatchObject([{ memberRole: ranks.member, offered: 0 }]);
});

test('a user who adds somebody to 100 groups does not use up the limit of others', async () => {
  const theirs = await chats.make(other, 'group');
  const reasons: string[] = [];
  for (let n = 0; n < 100; n++) {
    await rig.owner.query("DELETE FROM chat.rate WHERE key LIKE 'create%' OR key LIKE 'change:%'");
    const id = await chats.make(owner, 'group');
    reasons.push(...(await outcomes([chats.add(owner, id, friend)])).reasons);
  }
  await expect(chats.add(other, theirs, friend)).resolves.toMatchObject([{ memberRole: ranks.member }]);
  expect(reasons).toEqual(Array(80).fill('change-too-often'));
});

test('a user whose ban was lifted still counts as a stranger', async () => {
  const id = await chats.make(owner, 'group');
  await rig.owner.query(
    "INSERT INTO chat.rate (key, tat) VALUES ('direct:' || $1::text, now() + 99.5 * interval '864 s')",
    [owner.id],
  );
  await chats.change(owner, id, friend, { banUntil: 9e15 });
  await chats.change(owner, id, friend, { banUntil: 0 });
  await expect(chats.add(owner, id, friend)).rejects.toEqual(reason('change-too-often'));
});

test('others can add a user to at most 400 new chats in a row, and joins do not count', async () => {
  const [group, open] = [await chats.make(owner, 'group'), await chats.make(owner, 'public')];
  await rig.owner.query(
    "INSERT INTO chat.rate (key, tat) VALUES ('added:' || $1::text, now() + 399.5 * interval '60 s')",
    [friend.id],
  );
  await expect(chats.add(owner, group, friend)).rejects.toEqual(reason('change-too-often'));
  await expect(chats.add(owner, group, other)).resolves.toBeDefined();
  await expect(chats.join(friend, open)).resolves.toBeDefined();
});

test('only strangers count as first contacts', async () => {
  const [first, second] = [await chats.make(owner, 'group'), await chats.make(owner, 'group')];
  await chats.add(owner, first, friend);
  await rig.owner.query(
    "INSERT INTO chat.rate (key, tat) VALUES ('direct:' || $1::text, now() + 99.5 * interval '864 s') ON CONFLICT (key) DO UPDATE SET tat = excluded.tat",
    [owner.id],
  );
  await expect(chats.add(owner, second, other)).rejects.toMatchObject({
    reason: 'change-too-often',
    retryAfterMs: expect.any(Number),
  });
  await expect(chats.direct(owner, other.id)).rejects.toEqual(reason('create-too-often'));
  await expect(chats.add(owner, second, friend)).resolves.toMatchObject([{ memberRole: ranks.member }]);
});

test('a user banned in a direct chat cannot reach the other by groups or offers', async () => {
  const direct = (await chats.direct(owner, friend.id)).id;
  const [group, room] = [await chats.make(owner, 'group'), await rig.room(owner)];
  await chats.change(friend, direct, owner, { banUntil: 9e15 });
  await expect(chats.add(owner, group, friend)).rejects.toEqual(reason('user-not-found'));
  await expect(chats.change(owner, room, friend, { role: ranks.owner })).resolves.toMatchObject({
    offered: ranks.owner,
  });
  expect((await mine(friend)).filter(({ offered }) => offered !== ranks.none)).toEqual([]);
  await chats.change(friend, direct, owner, { banUntil: 0 });
  await expect(chats.add(owner, group, friend)).resolves.toMatchObject([{ memberRole: ranks.member }]);
});

test('limits one user to 3 open offers to a person and lists them after the channels', async () => {
  const own = await rig.room(friend);
  const rooms: number[] = [];
  for (let n = 0; n < 4; n++) rooms.push(await rig.room(owner));
  const offered = rooms.slice(0, 3);
  for (const id of offered) await chats.change(owner, id, friend, { role: ranks.owner });
  const last = rooms[3] as number;
  await expect(chats.change(owner, last, friend, { role: ranks.owner })).rejects.toEqual(reason('too-many-offers'));
  await expect(chats.change(other, await rig.room(other), friend, { role: ranks.owner })).resolves.toBeDefined();
  const ids = (await mine(friend)).map(({ id }) => id);
  expect(ids).toHaveLength(5);
  expect(ids[0]).toBe(own);
});

test('a removed user can be added again at most 60 times', async () => {
  const id = await chats.make(owner, 'group');
  await rig.owner.query(
    "INSERT INTO chat.rate (key, tat) VALUES ('added:' || $1::text || '/' || $2::int, now() + 58.5 * interval '10 s')",
    [friend.id, id],
  );
  await chats.add(owner, id, friend);
  await chats.change(owner, id, friend, { remove: true });
  await expect(chats.add(owner, id, friend)).rejects.toEqual(reason('change-too-often'));
});
