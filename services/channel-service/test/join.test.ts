import { ChannelService, Invite } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { expectBurst, outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let second: Chats;
let owner: Person;
let member: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  await rig.server();
  chats = new Chats(rig);
  second = new Chats(rig, rig.managers[1]);
});

beforeEach(async () => {
  [owner, member] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const forGood = 9e15;
const rowOf = (id: number, who: Person) =>
  rig.one<Record<string, unknown>>('SELECT * FROM chat.member WHERE channel_id = $1 AND user_id = $2', id, who.id);

describe('Join', () => {
  test('Join enters a public channel by its id, and does nothing for a member', async () => {
    const id = await chats.make(owner, 'public');
    await expect(rig.listen(member, id)).rejects.toEqual(reason('not-a-member'));
    expect(await chats.join(member, id)).toMatchObject({ id, memberCount: 2 });
    expect(await chats.join(member, id)).toMatchObject({ id, memberCount: 2 });
    expect(await chats.head(id)).toMatchObject({ last_seq: 1 });
    await expect(rig.listen(member, id)).resolves.toBeDefined();
  });

  test('Join refuses rooms, missing channels and unknown invite links', async () => {
    const room = await chats.make(owner, 'room');
    await expect(chats.join(member, room)).rejects.toEqual(reason('wrong-kind'));
    await expect(chats.join(member, 2_000_000_000)).rejects.toEqual(reason('channel-not-found'));
    for (const id of [0, 4_294_967_295]) {
      await expect(chats.join(member, id)).rejects.toEqual(reason('invalid-channel-id'));
    }
    const byLink = Invite.fromPartial({ id: 'x' });
    const joining = callPatiently(rig.manager, ChannelService.join, byLink, { token: member.token, withinMs: 30_000 });
    await expect(joining).rejects.toEqual(reason('invite-not-found'));
    await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [member.id]);
    await expect(chats.join(member, await chats.make(owner, 'public'))).rejects.toEqual(reason('suspended'));
  });

  test('Join admits two of fourteen concurrent callers to two free places, over two managers', async () => {
    const id = await chats.make(owner, 'public', { limit: 3 });
    const people = await rig.persons(14);
    const { answers, reasons } = await outcomes(people.map((one, n) => (n % 2 === 0 ? chats : second).join(one, id)));
    expect(answers).toHaveLength(2);
    expect(new Set(reasons)).toEqual(new Set(['channel-full']));
    expect((await chats.members(owner, id)).users).toHaveLength(3);
    await expect(chats.add(owner, id, member)).rejects.toEqual(reason('channel-full'));
    expect(await chats.head(id)).toMatchObject({ last_seq: 2, revision: 2 });
  });

  test('twenty concurrent Joins of one user add one member and one entry', async () => {
    const id = await chats.make(owner, 'public');
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? chats : second).join(member, id)));
    expect(await chats.head(id)).toMatchObject({ last_seq: 1, revision: 1 });
  });

  test('concurrent changes of members leave no gaps in the log', async () => {
    const id = await chats.make(owner, 'public');
    const people = await rig.persons(6);
    const rounds: Promise<unknown>[] = people.flatMap((one) => [
      chats.join(one, id),
      second.change(one, id, one, { remove: true }),
      second.join(one, id),
      chats.change(owner, id, one, { banUntil: forGood }),
    ]);
    const { reasons } = await outcomes(rounds);
    expect(['banned', 'not-a-member', 'member-not-found']).toEqual(expect.arrayContaining([...new Set(reasons)]));
    const { n, last } = await rig.one<{ n: number; last: number }>(
      'SELECT count(*)::int AS n, max(seq) AS last FROM chat.message WHERE channel_id = $1',
      id,
    );
    expect(n).toBe(last);
    expect((await rig.list(owner, id))[0]?.memberCount).toBe(1);
  });
});

describe('coming back', () => {
  test('a member who comes back reads the whole of an open history', async () => {
    const id = await chats.make(owner, 'public');
    await chats.join(member, id);
    await chats.change(member, id, member, { remove: true });
    expect(await rowOf(id, member)).toMatchObject({ joined_seq: 0, left_seq: 2, role: 'member' });
    await chats.say(id, owner, 5);
    expect(await chats.seqs(member, id)).toEqual([2, 1]);
    await chats.join(member, id);
    expect(await rowOf(id, member)).toMatchObject({ joined_seq: 0, left_seq: null });
    expect(await chats.seqs(member, id)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test('a member who comes back does not see the older part of a closed history', async () => {
    const id = await chats.make(owner, 'public', { closedHistory: true });
    await chats.say(id, owner, 3);
    await chats.join(member, id);
    expect(await chats.seqs(member, id)).toEqual([4]);
    await chats.change(member, id, member, { remove: true });
    await chats.say(id, owner, 3);
    expect(await chats.seqs(member, id)).toEqual([5, 4]);
    await chats.join(member, id);
    expect(await chats.seqs(member, id)).toEqual([9]);
    expect(await chats.seqs(owner, id)).toHaveLength(9);
  });
});

describe('bans and mutes', () => {
  test('a ban removes a user and blocks return until it is lifted', async () => {
    const id = await chats.make(owner, 'public');
    await chats.join(member, id);
    await rig.listen(member, id);
    await chats.say(id, owner);
    expect(await chats.change(owner, id, member, { banUntil: forGood })).toMatchObject({ memberRole: 0 });
    expect(await rowOf(id, member)).toMatchObject({ left_seq: 3 });
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1', id)).toEqual({ n: 0 });
    expect(await chats.seqs(member, id)).toEqual([3, 2, 1]);
    await expect(rig.listen(member, id)).rejects.toEqual(reason('banned'));
    await expect(chats.join(member, id)).rejects.toEqual(reason('banned'));
    await expect(chats.add(owner, id, member)).rejects.toEqual(reason('banned'));
    await chats.change(owner, id, member, { banUntil: 0 });
    await expect(chats.join(member, id)).resolves.toBeDefined();
  });

  test('a ban expires', async () => {
    const id = await chats.make(owner, 'public');
    await chats.change(owner, id, member, { banUntil: Date.now() + 3_600_000 });
    await expect(chats.join(member, id)).rejects.toEqual(reason('banned'));
    const ended =
      "UPDATE chat.member SET banned_until = banned_until - interval '1 h' WHERE channel_id = $1 AND user_id = $2";
    await rig.owner.query(ended, [id, member.id]);
    await expect(chats.join(member, id)).resolves.toBeDefined();
  });

  test.each(['group', 'public', 'private'] as const)(
    'a non-member banned from a %s gets no read access',
    async (kind) => {
      const id = await chats.make(owner, kind);
      await chats.say(id, owner, 3);
      await chats.change(owner, id, member, { banUntil: forGood });
      expect((await rig.list(owner, id))[0]?.memberCount).toBe(1);
      await expect(chats.history(member, id)).rejects.toEqual(
        reason(kind === 'public' ? 'banned' : 'channel-not-found'),
      );
      expect(await chats.head(id)).toMatchObject({ last_seq: 3, revision: 1 });
    },
  );

  test('the owner of a room bans a user, which ends the seat', async () => {
    const room = await chats.make(owner, 'room');
    await rig.listen(member, room);
    await chats.change(owner, room, member, { banUntil: forGood });
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1', room)).toEqual({ n: 0 });
    await expect(rig.listen(member, room)).rejects.toEqual(reason('banned'));
    await expect(chats.change(owner, room, owner, { banUntil: 9e15 })).rejects.toEqual(reason('owner-stays'));
    expect((await rig.list(owner, room))[0]?.memberCount).toBe(0);
  });

  test('a mute changes the revision, adds no entry and survives leaving', async () => {
    const id = await chats.make(owner, 'public');
    await expect(chats.change(owner, id, member, { muteUntil: forGood })).rejects.toEqual(reason('member-not-found'));
    await chats.join(member, id);
    const { revision } = await chats.head(id);
    expect(await chats.change(owner, id, member, { muteUntil: forGood })).toMatchObject({ memberRole: ranks.member });
    expect(await chats.head(id)).toMatchObject({ last_seq: 1, revision: revision + 1 });
    await chats.change(member, id, member, { remove: true });
    await chats.join(member, id);
    expect(await rowOf(id, member)).not.toMatchObject({ muted_until: null });
    await chats.change(owner, id, member, { muteUntil: 0 });
    expect(await rowOf(id, member)).toMatchObject({ muted_until: null });
  });
});

describe('ListMembers', () => {
  test('ListMembers goes by user id, page by page', async () => {
    const id = await chats.make(owner, 'group');
    await chats.add(owner, id, ...(await rig.persons(6)));
    const first = await chats.members(owner, id, 4);
    const rest = await chats.members(owner, id, 4, first.next);
    expect([first.users.length, rest.users.length, rest.next]).toEqual([4, 3, '']);
    expect(new Set([...first.users, ...rest.users].map((user) => user.id)).size).toBe(7);
    await expect(chats.members(owner, id, 101)).rejects.toEqual(reason('invalid-page'));
    await expect(chats.members(owner, id, 1, 'a b')).rejects.toEqual(reason('invalid-page'));
    await expect(chats.members(owner, 0)).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('ListMembers shows past members only to the owner and the channel admins', async () => {
    const id = await chats.make(owner, 'public');
    const gone = await rig.person();
    await chats.join(member, id);
    await chats.join(gone, id);
    await chats.change(owner, id, gone, { remove: true });
    expect((await chats.members(member, id)).users).toHaveLength(2);
    expect((await chats.members(owner, id)).users).toContainEqual(
      expect.objectContaining({ id: gone.id, memberRole: 0 }),
    );
  });
});

test('limits the rate of membership changes', async () => {
  const id = await chats.make(owner, 'public');
  await expectBurst({ burst: 100, secondsPerCall: 1 }, 'change-too-often', () =>
    Array.from({ length: 105 }, () => chats.join(member, id)),
  );
});
