import { MemberChange, NotificationKind } from '@parley/contract';
import { limits } from '@parley/runtime';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats, ranks, reason } from './chats.js';
import { Inbox } from './inbox-api.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let second: Chats;
let inbox: Inbox;
let owner: Person;
let people: Person[];

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  await rig.server();
  chats = new Chats(rig);
  second = new Chats(rig, rig.managers[1]);
  inbox = new Inbox(rig);
});

beforeEach(async () => {
  await rig.owner.query('DELETE FROM chat.rate');
  [owner, ...people] = (await rig.persons(9)) as [Person, ...Person[]];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const idsOf = (who: readonly Person[]) => who.map(({ id }) => id);
/** Ids in the order in which an entry names them. */
const inOrder = (who: readonly Person[]) => idsOf(who).toSorted();

/**
 * Returns the recorded changes of a chat: the users in each member entry, and in each event about
 * members.
 */
async function recorded(id: number) {
  const { rows } = await rig.owner.query<{ data: Buffer }>(
    'SELECT data FROM chat.message WHERE channel_id = $1 AND kind = 8 ORDER BY seq',
    [id],
  );
  const changes = rows.map(({ data }) => MemberChange.decode(data));
  const entries = changes.map(({ userId, moreUserIds }) => [userId, ...moreUserIds]);
  const events = await rig.owner.query<{ kind: string; user_ids: string[] }>(
    "SELECT kind, user_ids FROM chat.event WHERE channel_id = $1 AND kind LIKE 'member%' ORDER BY txid, id",
    [id],
  );
  return { changes, entries, events: events.rows.map(({ kind, user_ids }) => [kind, ...user_ids]) };
}

const insideOf = (id: number) =>
  rig.one<{ ids: string[]; counted: number }>(
    `SELECT array_agg(m.user_id ORDER BY m.user_id) AS ids, (SELECT members FROM chat.channel_head WHERE channel_id = $1) AS counted
     FROM chat.member m WHERE m.channel_id = $1 AND m.left_seq IS NULL`,
    id,
  );

/** Result for each user: the role, `offered`, or the reason of the refusal. */
async function add(by: Person, id: number, userIds: readonly string[], from = chats) {
  const { additions } = await from.addAll(by, id, userIds);
  return additions.map(({ user, refusal }) => {
    if (user === undefined) return refusal?.reason;
    return user.offered === 0 ? user.memberRole : 'offered';
  });
}

test('adds many users with one entry and one event, and each is notified and has nothing unread', async () => {
  const id = await chats.make(owner, 'group');
  await rig.listen(owner, id);
  await chats.say(id, owner, 3);
  const before = await chats.head(id);
  expect(await add(owner, id, idsOf(people))).toEqual(people.map(() => ranks.member));
  const { changes, entries, events } = await recorded(id);
  expect(entries).toEqual([inOrder(people)]);
  expect(changes).toMatchObject([{ joined: true, role: ranks.member, by: owner.id }]);
  expect(events).toEqual([
    ['member_added', owner.id],
    ['member_added', ...inOrder(people)],
  ]);
  const { instance_id, epoch, revision } = before;
  expect(await chats.head(id)).toMatchObject({ instance_id, epoch, last_seq: 4, revision: revision + 1 });
  expect(await insideOf(id)).toEqual({ ids: inOrder([owner, ...people]), counted: 9 });
  const rows = 'SELECT DISTINCT joined_seq, left_seq FROM chat.member WHERE channel_id = $1 AND user_id <> $2';
  expect((await rig.owner.query(rows, [id, owner.id])).rows).toEqual([{ joined_seq: 3, left_seq: null }]);
  for (const who of people.slice(0, 2)) {
    expect(await inbox.chat(who, id)).toMatchObject({ unread: 0, channel: { memberCount: 9, lastSeq: 4 } });
    const { notifications } = await inbox.notifications(who);
    expect(notifications).toMatchObject([{ kind: NotificationKind.ADDED, by: owner.id }]);
    expect((await chats.history(who, id)).messages.map(({ seq, kind }) => [seq, kind])).toEqual([
      [4, 8],
      [3, 0],
      [2, 0],
      [1, 0],
    ]);
  }
  expect((await inbox.notifications(owner)).notifications).toEqual([]);
});

test('gives each user of a list the result of a call for that user alone', async () => {
  const id = await chats.make(owner, 'private');
  const [there, left, removed, banned, fresh, hidden, blocking, other] = people as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  await chats.add(owner, id, there, left, removed);
  await chats.change(left, id, left, { remove: true });
  await chats.change(owner, id, removed, { remove: true });
  await chats.change(owner, id, banned, { banUntil: 9e15 });
  await rig.owner.query("UPDATE chat.users SET visibility = 'nobody' WHERE id = $1", [hidden.id]);
  await rig.owner.query('INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, $2)', [blocking.id, owner.id]);
  const { length } = (await recorded(id)).entries;
  const list = [...people, there, { id: other.id.toUpperCase() }, owner, { id: 'nobody-there' }].map((one) => one.id);
  const { member } = ranks;
  expect(await add(owner, id, list)).toEqual([
    ...[member, 'offered', member, 'banned', member, 'user-not-found', 'user-not-found', member],
    ...[member, member, ranks.owner, 'user-not-found'],
  ]);
  const added = inOrder([removed, fresh, other]);
  const { entries, events } = await recorded(id);
  expect(entries.slice(length)).toEqual([added]);
  expect(events.at(-1)?.toSorted()).toEqual([...added, 'member_added'].toSorted());
  expect(events.filter(([, ...ids]) => ids.includes(fresh.id))).toHaveLength(1);
  expect(await insideOf(id)).toEqual({ ids: inOrder([owner, there, removed, fresh, other]), counted: 5 });
  expect((await inbox.notifications(there)).notifications).toHaveLength(1);
});

test('refuses a user with the same reason and text as ChangeMember', async () => {
  const id = await chats.make(owner, 'group');
  const [banned, bot] = people as [Person, Person];
  await chats.change(owner, id, banned, { banUntil: 9e15 });
  const elsewhere = await chats.make(owner, 'group');
  await rig.owner.query('INSERT INTO chat.bot (user_id, channel_id) VALUES ($1, $2)', [bot.id, elsewhere]);
  for (const who of [banned, bot, { id: 'nobody-there' }]) {
    const [{ refusal } = {}] = (await chats.addAll(owner, id, [who.id])).additions;
    expect(refusal?.reason).not.toBe('');
    const refused = { reason: refusal?.reason, message: refusal?.message };
    await expect(chats.change(owner, id, who, { add: true })).rejects.toMatchObject(refused);
  }
});

test('records nothing if nobody is added', async () => {
  const id = await chats.make(owner, 'group');
  await add(owner, id, idsOf(people));
  const [before, head] = [await recorded(id), await chats.head(id)];
  expect(await add(owner, id, [...idsOf(people), 'nobody-there'])).toEqual([...people.map(() => 1), 'user-not-found']);
  expect([await recorded(id), await chats.head(id)]).toEqual([before, head]);
});

test.each([
  ['no users', 'invalid-member-change', []],
  ['too many users', 'invalid-member-change', Array.from({ length: limits.membersAddedAtOnce + 1 }, (_, n) => `u${n}`)],
  ['too many times the same user', 'invalid-member-change', Array(limits.membersAddedAtOnce + 1).fill('u')],
  ['an invalid id', 'invalid-user-id', ['u1', 'a b']],
  ['an empty id', 'invalid-user-id', ['u1', '']],
  ['an id that is too long', 'invalid-user-id', ['u'.repeat(65)]],
])('refuses %s', async (_what, word, userIds) => {
  const id = await chats.make(owner, 'group');
  await expect(chats.addAll(owner, id, userIds)).rejects.toEqual(reason(word));
  await expect(chats.addAll(owner, 0, ['u1'])).rejects.toEqual(reason('invalid-channel-id'));
  expect((await recorded(id)).entries).toEqual([]);
});

test('refuses callers who may not add, before it looks at the users', async () => {
  const [member, stranger, target] = people as [Person, Person, Person];
  const [group, secret, open] = [
    await chats.make(owner, 'group'),
    await chats.make(owner, 'private'),
    await chats.make(owner, 'public'),
  ];
  for (const id of [group, secret, open]) await chats.add(owner, id, member);
  expect(await add(member, group, [target.id])).toEqual([ranks.member]);
  for (const ids of [[target.id], ['nobody-there']]) {
    for (const id of [secret, open]) {
      await expect(add(member, id, ids)).rejects.toEqual(reason('not-channel-admin'));
    }
    for (const id of [group, secret]) {
      await expect(add(stranger, id, ids)).rejects.toEqual(reason('channel-not-found'));
    }
    await expect(add(stranger, open, ids)).rejects.toEqual(reason('not-a-member'));
    await expect(add(owner, await rig.room(owner), ids)).rejects.toEqual(reason('wrong-kind'));
  }
  const { id: direct } = await chats.direct(owner, member.id);
  expect(await add(owner, direct, [member.id, target.id])).toEqual([ranks.member, 'wrong-kind']);
});

test('adds everyone or nobody if the chat has too little space', async () => {
  const id = await chats.make(owner, 'group', { limit: 6 });
  const [first, ...rest] = people as [Person, ...Person[]];
  await chats.add(owner, id, first);
  const [before, head] = [await recorded(id), await chats.head(id)];
  await expect(add(owner, id, idsOf(rest.slice(0, 5)))).rejects.toMatchObject({
    reason: 'channel-full',
    message: 'The channel has space for 4 more members. Add fewer users.',
  });
  expect([await recorded(id), await chats.head(id)]).toEqual([before, head]);
  for (const who of people) expect((await inbox.notifications(who)).notifications).toHaveLength(who === first ? 1 : 0);
  expect(await add(owner, id, idsOf([first, ...rest.slice(0, 3)]))).toEqual(Array(4).fill(ranks.member));
  await expect(add(owner, id, idsOf(rest.slice(3, 5)))).rejects.toMatchObject({
    message: 'The channel has space for 1 more member. Add fewer users.',
  });
  expect(await add(owner, id, idsOf(rest.slice(3, 4)))).toEqual([ranks.member]);
  await expect(add(owner, id, idsOf(rest.slice(4, 5)))).rejects.toMatchObject({
    reason: 'channel-full',
    message: 'Channel is full. Try again when someone leaves.',
  });
  expect(await add(owner, id, [first.id])).toEqual([ranks.member]);
});

test('of two calls that together exceed the limit, one succeeds', async () => {
  const id = await chats.make(owner, 'group', { limit: 6 });
  const [one, other] = [idsOf(people.slice(0, 4)), idsOf(people.slice(4))];
  const { answers, reasons } = await outcomes([add(owner, id, one), add(owner, id, other, second)]);
  expect([answers, reasons]).toEqual([[Array(4).fill(ranks.member)], ['channel-full']]);
  const { entries, events } = await recorded(id);
  expect(entries).toHaveLength(1);
  expect(events.slice(1)).toEqual([['member_added', ...(entries[0] ?? [])]]);
  expect(await insideOf(id)).toMatchObject({ counted: 5 });
});

test.each([true, false])('users who return see the gap only with open history (closed: %s)', async (closedHistory) => {
  const id = await chats.make(owner, 'group', { closedHistory });
  const [back, fresh] = people as [Person, Person];
  await chats.say(id, owner);
  await chats.add(owner, id, back); // 2
  await chats.change(owner, id, back, { remove: true }); // 3
  await chats.say(id, owner); // 4
  await add(owner, id, idsOf([back, fresh])); // 5
  expect(await chats.seqs(back, id)).toEqual(closedHistory ? [5] : [5, 4, 3, 2, 1]);
  expect(await chats.seqs(fresh, id)).toEqual(closedHistory ? [5] : [5, 4, 3, 2, 1]);
  expect(await inbox.chat(back, id)).toMatchObject({ unread: closedHistory ? 0 : 1 });
  expect(await inbox.chat(fresh, id)).toMatchObject({ unread: 0 });
});

test('in a chat without history, changes the revision once', async () => {
  const id = await chats.make(owner, 'group', { retention: { nothing: true } });
  const { revision } = await chats.head(id);
  await add(owner, id, idsOf(people));
  expect(await chats.head(id)).toMatchObject({ revision: revision + 1, last_seq: 0 });
  expect((await recorded(id)).events.slice(1)).toEqual([['member_added', ...inOrder(people)]]);
});

describe('rates', () => {
  const set = (key: string, calls: number, seconds: number) =>
    rig.owner.query('INSERT INTO chat.rate (key, tat) VALUES ($1, now() + $2::float8 * $3::int * interval $$1 s$$)', [
      key,
      calls - 0.5,
      seconds,
    ]);
  const tats = async (pattern: string) =>
    (await rig.owner.query('SELECT key, tat FROM chat.rate WHERE key LIKE $1 ORDER BY key', [pattern])).rows;

  test('the rates of a caller count each named user once, and refuse the call as a whole', async () => {
    const id = await chats.make(owner, 'group');
    const many = Array.from({ length: 60 }, (_, n) => `nobody-${n}`);
    expect(await add(owner, id, [...many, ...many.slice(0, 40)])).toEqual(Array(100).fill('user-not-found'));
    await expect(add(owner, id, many)).rejects.toMatchObject({ reason: 'change-too-often' });
    expect(await add(owner, id, many.slice(0, 30))).toEqual(Array(30).fill('user-not-found'));
  });

  test('the rate of new people refuses the call as a whole, and no rate counts the call', async () => {
    const id = await chats.make(owner, 'group');
    await set(`direct:${owner.id}`, 98, 864);
    await expect(add(owner, id, idsOf(people.slice(0, 3)))).rejects.toMatchObject({ reason: 'change-too-often' });
    expect(await tats('added%')).toEqual([]);
    expect((await recorded(id)).entries).toEqual([]);
    expect(await add(owner, id, idsOf(people.slice(0, 2)))).toEqual([ranks.member, ranks.member]);
  });

  test('the rate of one user keeps out only that user, and no rate counts that user', async () => {
    const id = await chats.make(owner, 'group');
    const [often, other] = people as [Person, Person];
    await set(`added-by:${owner.id}/${often.id}`, 20, 3600);
    const before = await tats(`added%${often.id}%`);
    expect(await add(owner, id, idsOf([often, other]))).toEqual(['change-too-often', ranks.member]);
    const after = await tats(`added%${often.id}%`);
    expect(after.filter(({ key }) => before.some((one) => one.key === key))).toEqual(before);
    expect(after).toHaveLength(2); // the key of the user in this chat is new, and its count is 0 again
    await expect(chats.add(owner, id, often)).rejects.toEqual(reason('change-too-often'));
  });
});

test('calls that add the same users in any order wait for each other, and none is lost', async () => {
  const everyone = [owner, ...people];
  const groups = await Promise.all(everyone.map((by) => chats.make(by, 'group')));
  const calls = everyone.map((by, n) => {
    const others = everyone.filter((who) => who !== by).toSorted(() => Math.random() - 0.5);
    return add(by, groups[n] ?? 0, idsOf(others), n % 2 === 0 ? chats : second);
  });
  expect(await Promise.all(calls)).toEqual(everyone.map(() => people.map(() => ranks.member)));
  for (const id of groups) expect(await insideOf(id)).toEqual({ ids: inOrder(everyone), counted: 9 });
});
