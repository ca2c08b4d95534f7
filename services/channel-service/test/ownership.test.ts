import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let friend: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.rate');
  [owner, friend] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const setOf = (id: number, who: Person) =>
  rig.one<{ muted: boolean; banned: boolean; revision: number }>(
    `SELECT coalesce(m.muted_until > now(), false) AS muted, coalesce(m.banned_until > now(), false) AS banned, h.revision::int
     FROM chat.channel_head h LEFT JOIN chat.member m ON m.channel_id = h.channel_id AND m.user_id = $2 WHERE h.channel_id = $1`,
    id,
    who.id,
  );

describe.each(['room', 'group', 'private'] as const)('the owner of a %s', (kind) => {
  let id: number;

  beforeEach(async () => {
    id = await chats.make(owner, kind);
    if (kind !== 'room') await chats.add(owner, id, friend);
  });

  test('a banned user is offered no role', async () => {
    await chats.change(owner, id, friend, { banUntil: 9e15 });
    const refused = kind === 'room' ? 'banned' : 'member-not-found';
    await expect(chats.change(owner, id, friend, { role: ranks.owner })).rejects.toEqual(reason(refused));
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.offer WHERE user_id = $1', friend.id)).toEqual({ n: 0 });
  });

  test('a user who is banned after the offer cannot accept it', async () => {
    await chats.change(owner, id, friend, { role: ranks.owner });
    await rig.owner.query(
      `INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until) VALUES ($1, $2, 0, 0, 'infinity')
       ON CONFLICT (channel_id, user_id) DO UPDATE SET left_seq = 0, banned_until = 'infinity'`,
      [id, friend.id],
    );
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(reason('banned'));
    expect((await rig.list(owner, id))[0]).toMatchObject({ ownerId: owner.id });
  });

  test('a muted user who becomes the owner may speak', async () => {
    await chats.change(owner, id, friend, { muteUntil: 9e15 });
    await chats.change(owner, id, friend, { role: ranks.owner });
    const before = await setOf(id, friend);
    expect(before).toMatchObject({ muted: true });
    await chats.change(friend, id, friend, { role: ranks.owner });
    const after = await setOf(id, friend);
    expect(after).toMatchObject({ muted: false });
    expect(after.revision).toBeGreaterThan(before.revision);
  });

  test('a bot is offered no ownership, and cannot accept an old offer', async () => {
    await rig.owner.query('UPDATE chat.users SET bot = true WHERE id = $1', [friend.id]);
    await expect(chats.change(owner, id, friend, { role: ranks.owner })).rejects.toEqual(
      reason('invalid-member-change'),
    );
    const offer = "INSERT INTO chat.offer (channel_id, user_id, role, offered_by) VALUES ($1, $2, 'owner', $3)";
    await rig.owner.query(offer, [id, friend.id, owner.id]);
    await expect(chats.change(friend, id, friend, { role: ranks.owner })).rejects.toEqual(
      reason('invalid-member-change'),
    );
    expect((await rig.list(owner, id))[0]).toMatchObject({ ownerId: owner.id });
  });
});

test('an account less than a day old can take over channels only up to its own limit', async () => {
  const id = await rig.room(owner);
  await rig.owner.query('UPDATE chat.users SET created_at = now() WHERE id = $1', [friend.id]);
  await rig.owner.query(
    "INSERT INTO chat.channel (owner_id, name, user_limit) SELECT $1, 'r', 5 FROM generate_series(1, 20)",
    [friend.id],
  );
  await chats.change(owner, id, friend, { role: ranks.owner });
  const accept = () => chats.change(friend, id, friend, { role: ranks.owner });
  await expect(accept()).rejects.toMatchObject({
    reason: 'too-many-channels',
    message: expect.stringContaining('at most 20 channels'),
  });
  await rig.owner.query("UPDATE chat.users SET created_at = now() - interval '2 days' WHERE id = $1", [friend.id]);
  await expect(accept()).resolves.toMatchObject({ memberRole: ranks.owner });
});

test.each([
  ['add and remove', { add: true, remove: true }],
  ['a role and a ban', { role: ranks.admin, banUntil: 9e15 }],
  ['a mute and the lift of a ban', { muteUntil: 9e15, banUntil: 0 }],
])('a change with %s is refused', async (_, change) => {
  const id = await chats.make(owner, 'group');
  await chats.add(owner, id, friend);
  await expect(chats.change(owner, id, friend, change)).rejects.toEqual(reason('invalid-member-change'));
  expect(await setOf(id, friend)).toMatchObject({ muted: false, banned: false });
  expect((await chats.members(owner, id)).users).toHaveLength(2);
});
