import { ChannelService, type ListMembersResponse, Page, SetBlockRequest } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let me: Person;
let pest: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  await rig.server();
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.rate');
  [me, pest] = (await rig.persons(2)) as [Person, Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function setBlock({ token }: Person, userId: string, blocked = true): Promise<unknown> {
  const request = SetBlockRequest.fromPartial({ userId, blocked });
  return callPatiently(rig.manager, ChannelService.setBlock, request, { token, withinMs: 30_000 });
}

function listBlocked(
  { token }: Person,
  page: Parameters<typeof Page.fromPartial>[0] = {},
): Promise<ListMembersResponse> {
  return callPatiently(rig.manager, ChannelService.listBlocked, Page.fromPartial(page), { token, withinMs: 30_000 });
}

const idsOf = ({ users }: ListMembersResponse) => users.map(({ id }) => id);

test('a blocked user cannot open a direct chat, and gets the answer for a missing user', async () => {
  await setBlock(me, pest.id);
  const missing = await chats.direct(pest, 'nobody-of-that-name').catch((thrown: unknown) => thrown);
  await expect(chats.direct(pest, me.id)).rejects.toEqual(missing);
  await expect(chats.direct(me, pest.id)).rejects.toEqual(reason('user-blocked'));
  await setBlock(me, pest.id, false);
  expect(await chats.direct(pest, me.id)).toMatchObject({ memberCount: 2 });
});

test('a block ends the direct chat for the blocked user exactly as a ban does', async () => {
  const banned = await rig.person();
  const [blockedChat, bannedChat] = [(await chats.direct(pest, me.id)).id, (await chats.direct(banned, me.id)).id];
  await setBlock(me, pest.id);
  await chats.change(me, bannedChat, banned, { banUntil: 9e15 });
  const answers = async (who: Person, id: number) => {
    const { reasons } = await outcomes<unknown>([
      rig.listen(who, id),
      chats.direct(who, me.id),
      chats.join(who, id),
      chats.change(who, id, who, { add: true }),
      chats.change(who, id, me, { add: true }),
      chats.members(who, id),
    ]);
    return [...reasons, await chats.seqs(who, id)];
  };
  expect(await answers(pest, blockedChat)).toEqual(await answers(banned, bannedChat));
  expect((await rig.list(me, blockedChat))[0]).toMatchObject({ myRole: ranks.member });
  await setBlock(me, pest.id, false);
  expect(await chats.direct(pest, me.id)).toMatchObject({ id: blockedChat, myRole: ranks.member });
});

test('a block is not lifted or shortened by a ban in the direct chat', async () => {
  const { id } = await chats.direct(pest, me.id);
  await setBlock(me, pest.id);
  for (const banUntil of [0, Date.now() + 1_000]) {
    await expect(chats.change(me, id, pest, { banUntil })).rejects.toEqual(reason('user-blocked'));
  }
  await expect(rig.listen(pest, id)).rejects.toEqual(reason('channel-not-found'));
});

test('a blocked user cannot add the blocker to a chat or make them an offer, and open offers end', async () => {
  const group = await chats.make(pest, 'group');
  const room = await chats.make(pest, 'room');
  await chats.change(pest, room, me, { role: ranks.owner });
  await setBlock(me, pest.id);
  expect((await rig.list(me)).filter(({ offered }) => offered !== ranks.none)).toEqual([]);
  await expect(chats.change(pest, group, me, { add: true })).rejects.toEqual(reason('user-not-found'));
});

test.each(['room', 'group'] as const)(
  'an offer of a %s to the blocker is answered like any other, and ends at once',
  async (kind) => {
    const friend = await rig.person();
    const id = await chats.make(pest, kind);
    if (kind === 'group') await chats.add(pest, id, me, friend);
    await setBlock(me, pest.id);
    const answer = async (who: Person) => {
      const { memberRole, offered, blocked } = await chats.change(pest, id, who, { role: ranks.owner });
      return { memberRole, offered, blocked };
    };
    const usual = await answer(friend);
    for (let n = 0; n < 2; n++) expect(await answer(me)).toEqual(usual);
    expect((await rig.list(me)).filter(({ offered }) => offered !== ranks.none)).toEqual([]);
    const { rows } = await rig.owner.query("SELECT FROM chat.notification WHERE user_id = $1 AND kind = 'offered'", [
      me.id,
    ]);
    expect(rows).toEqual([]);
    await expect(chats.change(me, id, me, { role: ranks.owner })).rejects.toEqual(reason('not-owner'));
  },
);

test('a list of members marks users whom the caller has blocked, for the caller only', async () => {
  const group = await chats.make(me, 'group');
  await chats.add(me, group, pest);
  await setBlock(me, pest.id);
  const blockedFor = async (who: Person) =>
    (await chats.members(who, group)).users.filter(({ blocked }) => blocked).map(({ id }) => id);
  expect(await blockedFor(me)).toEqual([pest.id]);
  expect(await blockedFor(pest)).toEqual([]);
  expect(await chats.change(me, group, pest, { muteUntil: 0 })).toMatchObject({ id: pest.id, blocked: true });
});

test('lists blocked users in pages, and a second block or unblock changes nothing', async () => {
  const others = await rig.persons(3);
  for (const { id } of [...others, ...others]) await setBlock(me, id.toUpperCase());
  const sorted = others.map(({ id }) => id).toSorted();
  const first = await listBlocked(me, { size: 2 });
  expect(first).toMatchObject({ users: [{ blocked: true }, { blocked: true }], next: sorted[1] });
  expect([...idsOf(first), ...idsOf(await listBlocked(me, { size: 2, after: first.next }))]).toEqual(sorted);
  for (const { id } of [...others, ...others]) await setBlock(me, id, false);
  expect(await listBlocked(me)).toMatchObject({ users: [], next: '' });
});

test('refuses to block oneself or a malformed id, and treats users whom the caller cannot know as missing', async () => {
  const hidden = await rig.person();
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden.id]);
  const { reasons } = await outcomes(
    [me.id.toUpperCase(), 'no such', '', hidden.id, 'nobody-of-that-name'].map((id) => setBlock(me, id)),
  );
  expect(reasons).toEqual([
    'invalid-user-id',
    'invalid-user-id',
    'invalid-user-id',
    'user-not-found',
    'user-not-found',
  ]);
  await chats.direct(hidden, me.id);
  await setBlock(me, hidden.id);
  expect(idsOf(await listBlocked(me))).toEqual([hidden.id]);
});

test('a list of blocked users shows a hidden user by id only', async () => {
  const seen = await rig.person();
  for (const { id } of [pest, seen]) await setBlock(me, id);
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody', name = 'New Name' WHERE id = $1", [pest.id]);
  const shown = (who: Person) => ({ id: who.id, name: who.id === pest.id ? pest.id : expect.any(String) });
  const { users } = await listBlocked(me);
  expect(users).toMatchObject([pest, seen].toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(shown));
  expect(Object.fromEntries(users.map(({ id, number }) => [id, number > 0]))).toEqual({
    [pest.id]: false,
    [seen.id]: true,
  });
});

test('a suspended user can be blocked by anyone who may see the profile', async () => {
  await rig.owner.query("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [pest.id]);
  await setBlock(me, pest.id);
  expect(idsOf(await listBlocked(me))).toEqual([pest.id]);
});

test('a user can block 1,000 users', async () => {
  await rig.owner.query(
    `WITH made AS (INSERT INTO chat.users (id, name, password_hash) SELECT $1 || '-' || n, 'x', '!' FROM generate_series(1, 1000) n RETURNING id)
     INSERT INTO chat.block (user_id, blocked_id) SELECT $1, id FROM made`,
    [me.id],
  );
  await expect(setBlock(me, pest.id)).rejects.toEqual(reason('too-many-blocks'));
  await setBlock(me, `${me.id}-7`);
  await setBlock(me, `${me.id}-7`, false);
  await setBlock(me, pest.id);
});

test('a block that races with the opening of a direct chat leaves no chat that the blocked user can enter', async () => {
  for (let round = 0; round < 20; round++) {
    const [one, other] = (await rig.persons(2)) as [Person, Person];
    await Promise.allSettled([setBlock(one, other.id), chats.direct(other, one.id)]);
    await expect(chats.direct(other, one.id)).rejects.toEqual(reason('user-not-found'));
    const row = await rig.one<{ n: number }>(
      'SELECT count(*)::int AS n FROM chat.member WHERE user_id = $1 AND left_seq IS NULL',
      other.id,
    );
    expect(row.n).toBe(0);
  }
});
