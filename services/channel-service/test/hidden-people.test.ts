import { AbuseReport, ChannelService } from '@parley/contract';
import { callPatiently, openTestDatabase, type TestDatabase } from '@parley/testkit';
import { AdminApi } from './admin-api.js';
import { Chats, ranks, reason } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let owner: Person;
let hidden: Person;
let room: number;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  await rig.server();
});

beforeEach(async () => {
  [owner, hidden] = (await rig.persons(2)) as [Person, Person];
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden.id]);
  room = await chats.make(owner, 'room', { retention: { everything: true } });
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const changes = [
  { muteUntil: 9e15 },
  { banUntil: 9e15 },
  { banUntil: 0 },
  { remove: true },
  { add: true },
  { role: ranks.owner },
  { role: ranks.member },
];

test('treats a hidden user as missing in every change', async () => {
  const group = await chats.make(owner, 'group');
  for (const change of changes) {
    for (const id of [room, group]) {
      const answers = await Promise.all(
        [hidden, { id: 'nobody-at-all' }].map((whom) =>
          chats.change(owner, id, whom, change).catch((one) => one.reason),
        ),
      );
      const expected = id === room && 'add' in change ? 'wrong-kind' : 'user-not-found';
      expect(answers).toEqual([expected, expected]);
    }
  }
  await expect(chats.direct(owner, hidden.id)).rejects.toEqual(reason('user-not-found'));
});

test.each([
  [
    'is in the room',
    async () => {
      await rig.listen(hidden, room);
      await rig.take(room, hidden.id);
    },
  ],
  ['has spoken in the room', () => chats.say(room, hidden)],
])('the owner of a room can ban a hidden user who %s', async (_what, meet) => {
  await meet();
  await expect(chats.change(owner, room, hidden, { banUntil: 9e15 })).resolves.toMatchObject({ id: hidden.id });
  await expect(chats.change(owner, room, hidden, { banUntil: 0 })).resolves.toMatchObject({ id: hidden.id });
});

test('the owner of a chat can ban a hidden user who has left it', async () => {
  const open = await chats.make(owner, 'public');
  await chats.join(hidden, open);
  await chats.change(hidden, open, hidden, { remove: true });
  await expect(chats.change(owner, open, hidden, { banUntil: 9e15 })).resolves.toMatchObject({ id: hidden.id });
  await expect(chats.join(hidden, open)).rejects.toEqual(reason('banned'));
});

test('shows a hidden owner to everyone who may see the channel, but only as its owner', async () => {
  const open = await chats.make(hidden, 'public');
  const stranger = await rig.person();
  expect((await rig.list(stranger, open))[0]).toMatchObject({ id: open, ownerId: hidden.id });
  expect((await chats.members(stranger, open)).users).toEqual([]);
});

test('a missing and an invisible channel get the same refusal, whatever the user id', async () => {
  const secret = await chats.make(owner, 'private');
  const stranger = await rig.person();
  for (const id of [2_000_000_000, secret]) {
    for (const whom of [owner, hidden, { id: 'nobody-at-all' }]) {
      for (const change of changes) {
        await expect(chats.change(stranger, id, whom, change)).rejects.toEqual(reason('channel-not-found'));
      }
    }
  }
});

test('shows outsiders of a public chat only users whom anyone may find', async () => {
  const open = await chats.make(owner, 'public');
  await chats.join(hidden, open);
  const channelsNamed = async (who: Person) => (await chats.members(who, open)).users.map(({ id }) => id);
  expect(await channelsNamed(await rig.person())).toEqual([owner.id]);
  expect((await channelsNamed(owner)).toSorted()).toEqual([owner.id, hidden.id].toSorted());
  expect((await channelsNamed(hidden)).toSorted()).toEqual([owner.id, hidden.id].toSorted());
});

test('members see the profile of another member only as far as that member allows', async () => {
  const group = await chats.make(owner, 'group');
  const [open, contact] = await rig.persons(2);
  const people = [open, contact, hidden].flatMap((one) => one ?? []);
  await rig.owner.query(
    `UPDATE chat.users SET about = 'about ' || id, last_seen_at = 'epoch'::timestamptz + interval '7 s',
       visibility = CASE id WHEN $1 THEN 'everyone' WHEN $2 THEN 'contacts' ELSE 'nobody' END WHERE id IN ($1, $2, $3)`,
    people.map(({ id }) => id),
  );
  await rig.owner.query(
    'INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, who, 0 FROM unnest($2::varchar[]) who',
    [group, people.map(({ id }) => id)],
  );
  const seenBy = async (who: Person) => {
    const { users } = await chats.members(who, group);
    return Object.fromEntries(users.map(({ id, about, lastSeen }) => [id, [about, lastSeen]]));
  };
  const [everyone, shown, nobody] = people.map(({ id }) => id) as [string, string, string];
  expect(await seenBy(owner)).toEqual({
    [owner.id]: ['', 0],
    [everyone]: [`about ${everyone}`, 7_000],
    [shown]: [`about ${shown}`, 7_000],
    [nobody]: ['', 0],
  });
  expect((await seenBy(hidden))[nobody]).toEqual([`about ${nobody}`, 7_000]);
  const root = await rig.person('admin');
  await chats.add(owner, group, root);
  expect((await seenBy(root))[nobody]).toEqual([`about ${nobody}`, 7_000]);
});

test('a change of a member finds the user id in any case', async () => {
  const root = await rig.person('admin');
  const api = new AdminApi(rig);
  const friend = await rig.person();
  const shouted = friend.id.toUpperCase();
  const direct = await chats.direct(owner, shouted);
  expect((await chats.direct(friend, owner.id.toUpperCase())).id).toBe(direct.id);
  await expect(chats.direct(owner, owner.id.toUpperCase())).rejects.toEqual(reason('invalid-user-id'));
  const group = await chats.make(owner, 'group');
  expect(await chats.change(owner, group, { id: shouted }, { add: true })).toMatchObject({ id: friend.id });
  await rig.listen(friend, group);
  await api.kick(root, { userId: shouted });
  expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE user_id = $1', friend.id)).toEqual({ n: 0 });
  expect(await api.setUser(root, { id: shouted, role: 2 })).toMatchObject({ id: friend.id, role: 2 });
  const { entries } = await api.listAudit(root, { size: 2 });
  expect(entries.map(({ target }) => target)).toEqual([friend.id, friend.id]);
});

const nobody = { id: 'nobody-at-all' };

/** Returns the reasons of the answers to every change of a user. */
function answersTo(who: Person, id: number, whom: Pick<Person, 'id'>): Promise<string[]> {
  const answer = async (change: (typeof changes)[number]) =>
    chats.change(who, id, whom, change).then(
      () => 'ok',
      ({ reason: word, message }) => `${word}: ${message}`,
    );
  return Promise.all(changes.map(answer));
}

test('a caller without rights learns nothing from a change, whether the user was never there, is there or was', async () => {
  const [stranger, member, gone] = (await rig.persons(3)) as [Person, Person, Person];
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [gone.id]);
  const open = await chats.make(owner, 'public');
  for (const one of [hidden, member, gone]) await chats.join(one, open);
  await chats.change(gone, open, gone, { remove: true });
  await rig.listen(hidden, room);
  await rig.take(room, hidden.id);
  await chats.say(room, gone);
  for (const [who, id] of [
    [stranger, open],
    [stranger, room],
    [member, open],
  ] as const) {
    const answers = await answersTo(who, id, nobody);
    expect(answers.filter((one) => one.startsWith('user-not-found'))).toEqual([]);
    for (const whom of [hidden, gone, owner]) expect(await answersTo(who, id, whom)).toEqual(answers);
  }
});

test('only a user who could see a hidden person in a channel can report them there', async () => {
  const [stranger, friend, banned] = (await rig.persons(3)) as [Person, Person, Person];
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [banned.id]);
  const open = await chats.make(owner, 'public');
  await chats.join(hidden, open);
  await chats.join(friend, open);
  await rig.owner.query(
    "INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until) SELECT c, $2, 0, 0, 'infinity' FROM unnest($1::int[]) c",
    [[open, room], banned.id],
  );
  const report = (who: Person, channelId: number, userId: string) => {
    const asked = AbuseReport.fromPartial({ channelId, userId, reason: 'rude' });
    const call = callPatiently(rig.manager, ChannelService.reportAbuse, asked, { token: who.token, withinMs: 30_000 });
    return call.then(
      () => 'ok',
      ({ reason: word }) => word as string,
    );
  };
  await rig.listen(hidden, room);
  await rig.take(room, hidden.id);
  expect(await report(stranger, room, hidden.id)).toBe('user-not-found');
  expect(await report(friend, open, hidden.id)).toBe('ok');
  expect(await report(owner, room, hidden.id)).toBe('ok');
  expect(await report(friend, open, banned.id)).toBe('user-not-found');
  expect(await report(stranger, room, banned.id)).toBe('user-not-found');
  await rig.listen(stranger, room);
  await rig.take(room, stranger.id);
  expect(await report(stranger, room, hidden.id)).toBe('ok');
  await chats.change(friend, open, friend, { remove: true });
  expect(await report(friend, open, hidden.id)).toBe('ok');
});
