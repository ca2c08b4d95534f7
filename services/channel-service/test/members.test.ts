import { MemberChange } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, kinds, ranks, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let second: Chats;
let owner: Person;
let admin: Person;
let member: Person;
let other: Person;
let stranger: Person;

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
  [owner, admin, member, other, stranger] = (await rig.persons(5)) as [Person, Person, Person, Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

/** Creates a chat with an admin and two members. */
async function chat(kind: 'group' | 'public' | 'private', more: Parameters<Chats['make']>[2] = {}): Promise<number> {
  const id = await chats.make(owner, kind, more);
  await chats.add(owner, id, admin, member, other);
  await chats.change(owner, id, admin, { role: ranks.admin });
  return id;
}

const listed = async (who: Person, id: number) =>
  Object.fromEntries((await chats.members(who, id)).users.map(({ id: user, memberRole }) => [user, memberRole]));
const row = (id: number, who: Person) =>
  rig.one<{ joined_seq: number; left_seq: number | null }>(
    'SELECT joined_seq, left_seq, muted_until, banned_until FROM chat.member WHERE channel_id = $1 AND user_id = $2',
    id,
    who.id,
  );
async function entries(id: number): Promise<[number, string, MemberChange][]> {
  const { rows } = await rig.owner.query<{ seq: number; sender_id: string; data: Buffer }>(
    "SELECT seq, sender_id, data FROM chat.message WHERE channel_id = $1 AND kind = 8 AND digest = sha256(data) AND data <> '' ORDER BY seq",
    [id],
  );
  return rows.map(({ seq, sender_id, data }) => [seq, sender_id, MemberChange.decode(data)]);
}

describe('adding', () => {
  test('each change of members is an entry, changes the revision and keeps the owning server', async () => {
    const id = await chats.make(owner, 'group');
    await rig.listen(owner, id);
    const before = await chats.head(id);
    expect(await chats.change(owner, id, member, { add: true })).toMatchObject({ id: member.id, memberRole: 1 });
    await chats.change(owner, id, member, { add: true });
    await chats.change(owner, id, member, { role: ranks.admin });
    await chats.change(member, id, other, { add: true });
    expect(await entries(id)).toEqual([
      [1, owner.id, { userId: member.id, joined: true, role: 1, by: owner.id, moreUserIds: [] }],
      [2, owner.id, { userId: member.id, joined: true, role: 2, by: owner.id, moreUserIds: [] }],
      [3, member.id, { userId: other.id, joined: true, role: 1, by: member.id, moreUserIds: [] }],
    ]);
    const { instance_id, epoch } = before;
    expect(await chats.head(id)).toMatchObject({ instance_id, epoch, last_seq: 3, revision: before.revision + 3 });
    expect(await row(id, other)).toMatchObject({ joined_seq: 2, left_seq: null });
    expect(await listed(owner, id)).toEqual({ [owner.id]: 3, [member.id]: 2, [other.id]: 1 });
  });

  test('any member may add to a group, but only the owner and admins to other chats', async () => {
    const [group, secret, open] = [await chat('group'), await chat('private'), await chat('public')];
    await expect(chats.add(member, group, stranger)).resolves.toBeDefined();
    await expect(chats.add(admin, secret, stranger)).resolves.toBeDefined();
    for (const id of [secret, open]) {
      await expect(chats.add(member, id, stranger)).rejects.toEqual(reason('not-channel-admin'));
    }
  });

  test('nobody can be added to a room or a direct chat', async () => {
    const room = await chats.make(owner, 'room');
    const { id: direct } = await chats.direct(owner, member.id);
    for (const id of [room, direct]) await expect(chats.add(owner, id, other)).rejects.toEqual(reason('wrong-kind'));
    for (const change of [{ muteUntil: 9e15 }, { banUntil: 9e15 }, { role: ranks.owner }]) {
      await expect(chats.change(owner, direct, owner, change)).rejects.toEqual(reason('wrong-kind'));
      await expect(chats.change(other, direct, owner, change)).rejects.toEqual(reason('channel-not-found'));
    }
  });

  test('a member can add only users whom they may find', async () => {
    const id = await chat('group');
    await expect(chats.add(owner, id, { ...other, id: 'a b' })).rejects.toEqual(reason('invalid-user-id'));
    await expect(chats.add(owner, id, { ...other, id: 'nobody-there' })).rejects.toEqual(reason('user-not-found'));
    for (const hidden of ["status = 'suspended'", "status = 'active', visibility = 'nobody'"]) {
      await rig.owner.query(`UPDATE chat.users SET ${hidden} WHERE id = $1`, [stranger.id]);
      await expect(chats.add(owner, id, stranger)).rejects.toEqual(reason('user-not-found'));
    }
  });

  test.each([
    {},
    { add: false },
    { remove: false },
    { role: 0 as const },
    { role: 9 as never },
    { muteUntil: 1 },
    { banUntil: 1 },
    { banUntil: Date.now() - 1_000 },
  ])('ChangeMember refuses %j', async (change) => {
    await expect(chats.change(owner, 1, member, change)).rejects.toEqual(reason('invalid-member-change'));
  });
});

describe('strangers', () => {
  const changes = [{ add: true }, { remove: true }, { role: ranks.admin }, { muteUntil: 9e15 }, { banUntil: 9e15 }];

  test.each(['group', 'private'] as const)('a stranger cannot find a %s by any change', async (kind) => {
    const id = await chat(kind);
    for (const change of changes) {
      await expect(chats.change(stranger, id, member, change)).rejects.toEqual(reason('channel-not-found'));
    }
    await expect(chats.join(stranger, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.members(stranger, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.update(stranger, id, { name: 'y' })).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.change(stranger, id, stranger, { remove: true })).rejects.toEqual(reason('channel-not-found'));
  });

  test('a stranger sees a public chat and learns that they must join', async () => {
    const id = await chat('public');
    for (const change of [{ add: true }, { remove: true }, { muteUntil: 9e15 }, { banUntil: 9e15 }]) {
      await expect(chats.change(stranger, id, member, change)).rejects.toEqual(reason('not-a-member'));
    }
    await expect(chats.change(stranger, id, member, { role: 2 })).rejects.toEqual(reason('not-owner'));
    await expect(chats.change(stranger, id, stranger, { remove: true })).rejects.toEqual(reason('not-a-member'));
    expect(Object.keys(await listed(stranger, id))).toHaveLength(4);
  });

  test('an operator who is not a member can remove, mute and ban; this is audited and gives no read access', async () => {
    const root = await rig.person('admin');
    const id = await chat('private');
    await chats.change(root, id, member, { remove: true });
    await chats.change(root, id, admin, { banUntil: 9e15 });
    for (const change of [{ add: true }, { role: ranks.admin }]) {
      await expect(chats.change(root, id, root, change)).rejects.toEqual(reason('channel-not-found'));
    }
    await expect(chats.update(root, id, { kind: kinds.public })).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.members(root, id)).rejects.toEqual(reason('channel-not-found'));
    await expect(chats.history(root, id)).rejects.toEqual(reason('channel-not-found'));
    const { n } = await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.audit WHERE actor = $1', root.id);
    expect(n).toBe(2);
  });
});

describe('roles', () => {
  test('only the owner sets roles', async () => {
    const id = await chat('group');
    for (const who of [admin, member]) {
      await expect(chats.change(who, id, other, { role: 2 })).rejects.toEqual(reason('not-owner'));
    }
    await expect(chats.change(owner, id, stranger, { role: 2 })).rejects.toEqual(reason('member-not-found'));
    await expect(chats.change(owner, id, owner, { role: 1 })).rejects.toEqual(reason('owner-stays'));
    expect(await chats.change(owner, id, admin, { role: 1 })).toMatchObject({ memberRole: 1 });
    await expect(chats.change(admin, id, other, { remove: true })).rejects.toEqual(reason('not-channel-admin'));
  });

  test('after a transfer the previous owner is an admin, who can leave', async () => {
    const id = await chat('private');
    await expect(chats.change(owner, id, owner, { remove: true })).rejects.toEqual(reason('owner-stays'));
    await chats.change(owner, id, member, { role: ranks.owner });
    expect(await chats.change(member, id, member, { role: ranks.owner })).toMatchObject({ memberRole: 3 });
    expect(await listed(owner, id)).toMatchObject({ [owner.id]: 2, [member.id]: 3 });
    await expect(chats.change(owner, id, other, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
    await chats.change(owner, id, owner, { remove: true });
    expect((await rig.list(member, id))[0]).toMatchObject({ ownerId: member.id, memberCount: 3 });
  });

  test('any user can accept to own a room, but not a 101st channel', async () => {
    const room = await chats.make(owner, 'room');
    await rig.owner.query(
      `INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'x', $1, 0 FROM generate_series(1, 100) n`,
      [other.id],
    );
    await chats.change(owner, room, other, { role: 3 });
    await expect(chats.change(other, room, other, { role: 3 })).rejects.toEqual(reason('too-many-channels'));
    await expect(chats.change(owner, room, member, { role: 2 })).rejects.toEqual(reason('wrong-kind'));
    await chats.change(owner, room, member, { role: 3 });
    await chats.change(member, room, member, { role: 3 });
    await expect(chats.change(owner, room, owner, { role: 3 })).rejects.toEqual(reason('not-owner'));
  });
});

describe('removing', () => {
  test('the owner and the admins can remove members, but only the owner can remove an admin', async () => {
    const id = await chat('group');
    await expect(chats.change(member, id, other, { remove: true })).rejects.toEqual(reason('not-channel-admin'));
    for (const change of [{ remove: true }, { muteUntil: Date.now() + 60_000 }, { banUntil: Date.now() + 60_000 }]) {
      await expect(chats.change(admin, id, owner, change)).rejects.toMatchObject({
        reason: 'owner-stays',
        message: 'The owner of a channel cannot be removed, muted or banned. The owner must hand it over first.',
      });
    }
    await chats.change(owner, id, other, { role: ranks.admin });
    await expect(chats.change(admin, id, other, { remove: true })).rejects.toEqual(reason('not-owner'));
    await chats.change(admin, id, member, { remove: true });
    await chats.change(owner, id, other, { remove: true });
    await expect(chats.change(owner, id, other, { remove: true })).rejects.toEqual(reason('member-not-found'));
    expect(await listed(admin, id)).toEqual({ [owner.id]: 3, [admin.id]: 2, [member.id]: 0, [other.id]: 0 });
    await chats.change(admin, id, admin, { remove: true });
    expect(await listed(owner, id)).toMatchObject({ [admin.id]: 0 });
    await chats.add(owner, id, admin);
    expect(await listed(owner, id)).toMatchObject({ [admin.id]: 0 });
    await chats.join(admin, id);
    expect(await listed(owner, id)).toMatchObject({ [admin.id]: 1 });
  });

  test('a removal ends the seats in that channel only', async () => {
    const [id, elsewhere] = [await chat('group'), await chat('group')];
    await rig.listen(member, id);
    await rig.listen(member, elsewhere);
    await rig.listen(other, id);
    await chats.change(admin, id, member, { remove: true });
    const { rows } = await rig.owner.query('SELECT channel_id, user_id FROM chat.seat WHERE channel_id = ANY ($1)', [
      [id, elsewhere],
    ]);
    expect(rows).toEqual(
      expect.arrayContaining([
        { channel_id: elsewhere, user_id: member.id },
        { channel_id: id, user_id: other.id },
      ]),
    );
    expect(rows).toHaveLength(2);
    await expect(rig.listen(member, id)).rejects.toEqual(reason('channel-not-found'));
  });

  test('a removal ends the visit of a user to a room, but the user may come back', async () => {
    const room = await chats.make(owner, 'room');
    await rig.listen(member, room);
    await expect(chats.change(member, room, other, { remove: true })).rejects.toEqual(reason('not-owner'));
    await chats.change(owner, room, member, { remove: true });
    const seats = 'SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1';
    expect(await rig.one(seats, room)).toEqual({ n: 0 });
    await expect(rig.listen(member, room)).resolves.toBeDefined();
  });

  test('a removed member reads up to the entry of the removal, even during concurrent writes', async () => {
    const id = await chat('group');
    let stop = false;
    const writing = (async () => {
      while (!stop) await chats.say(id, owner);
    })();
    for (let n = 0; n < 10; n++) {
      await second.change(admin, id, member, { remove: true });
      const { left_seq } = await row(id, member);
      const [last] = (await chats.history(member, id, { size: 1 })).messages;
      expect(last).toMatchObject({ seq: left_seq, kind: 8, sender: admin.id });
      expect(MemberChange.decode(last?.data ?? Buffer.alloc(0))).toMatchObject({ userId: member.id, joined: false });
      await chats.add(admin, id, member);
    }
    stop = true;
    await writing;
    const numbers = 'SELECT count(*)::int AS n, max(seq) AS last FROM chat.message WHERE channel_id = $1';
    const { n, last } = await rig.one<{ n: number; last: number }>(numbers, id);
    expect({ n, last }).toEqual({ n: last, last: (await chats.head(id)).last_seq });
  });
});
