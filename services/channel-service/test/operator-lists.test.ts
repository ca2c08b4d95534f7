import { AdminService, ListAllChannelsRequest, ListUsersRequest, UserRole, UserStatus } from '@parley/contract';
import { callPatiently, openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { findChannelIds, findNumbers, listNumbersOfStatus } from '../src/admin/list-store.js';
import { Chats, reason } from './chats.js';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let root: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  root = await rig.person('admin');
  await rig.owner.query(`
    INSERT INTO chat.users (id, name, password_hash, email, status)
      SELECT 'u' || n, 'Name ' || n, '!', 'mail' || n || '@example.org', CASE WHEN n % 500 = 0 THEN 'suspended' ELSE 'active' END
      FROM generate_series(1, 50000) n;
    INSERT INTO chat.channel (name, owner_id, kind) SELECT 'Team ' || n, 'u' || n, 'private' FROM generate_series(1, 50000) n;
    ANALYZE;
  `);
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const withinMs = 30_000;

function users(request: Parameters<typeof ListUsersRequest.fromPartial>[0], { token } = root) {
  return callPatiently(rig.admin(), AdminService.listUsers, ListUsersRequest.fromPartial(request), { token, withinMs });
}

function channels(request: Parameters<typeof ListAllChannelsRequest.fromPartial>[0], { token } = root) {
  const asked = ListAllChannelsRequest.fromPartial(request);
  return callPatiently(rig.admin(), AdminService.listAllChannels, asked, { token, withinMs });
}

function plan(text: string, values: readonly unknown[], mode: (typeof planModes)[number]): Promise<string> {
  return planOf(rig.owner, { text, values, mode });
}

describe.each(planModes)('with 50,000 accounts and channels (%s)', (mode) => {
  test('finds accounts by the indexes of id, name and address', async () => {
    const values = findNumbers.valuesOf({ prefix: 'u4242', status: null, afterNumber: 0, size: 101 });
    const text = await plan(findNumbers.text, values, mode);
    for (const index of ['users_id_prefix', 'users_name_prefix', 'users_email_prefix']) expect(text).toContain(index);
    expect(text).not.toContain('Seq Scan');
  });

  test('lists the accounts of a status by index', async () => {
    const values = listNumbersOfStatus.valuesOf({ status: 'suspended', afterNumber: 0, size: 101 });
    const text = await plan(listNumbersOfStatus.text, values, mode);
    expect(text).toContain('users_status');
    expect(text).not.toContain('Seq Scan');
  });

  test('finds channels by the index of their name', async () => {
    const values = findChannelIds.valuesOf({ prefix: 'team 4242', afterId: 0, size: 101 });
    const text = await plan(findChannelIds.text, values, mode);
    expect(text).toContain('channel_name_prefix');
    expect(text).not.toContain('Seq Scan');
  });
});

test('finds accounts by the start of id, name or address, in any case, each once', async () => {
  await rig.owner.query(
    `INSERT INTO chat.users (id, name, password_hash, email) VALUES ('zoe', 'Zoë Q', '!', 'zoe@example.org'), ('other', 'Zoologist', '!', NULL)`,
  );
  const idsOf = async (text: string) => (await users({ text })).users.map(({ id }) => id);
  expect(await idsOf('ZOE')).toEqual(['zoe']);
  expect(await idsOf('zo')).toEqual(['zoe', 'other']);
  expect(await idsOf('zoe@ex')).toEqual(['zoe']);
  expect(await idsOf('zoë q')).toEqual(['zoe']);
  for (const nothing of ['%', '_oe', 'oe', 'ZOE\\']) expect(await idsOf(nothing)).toEqual([]);
  expect((await users({ text: 'zoe' })).users[0]).toMatchObject({
    name: 'Zoë Q',
    email: 'zoe@example.org',
    role: UserRole.USER,
    status: UserStatus.ACTIVE,
  });
});

test('marks accounts that the operator has blocked', async () => {
  await rig.owner.query("INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, 'u777')", [root.id]);
  const found = (await users({ text: 'u777' })).users.slice(0, 2);
  expect(found.map(({ id, blocked }) => [id, blocked])).toEqual([
    ['u777', true],
    ['u7770', false],
  ]);
});

test('pages contain each account of a status once, ordered by number', async () => {
  const seen: number[] = [];
  let after = '';
  do {
    const page = await users({ status: UserStatus.SUSPENDED, page: { size: 30, after } });
    seen.push(...page.users.map(({ number }) => number));
    after = page.next;
  } while (after !== '');
  expect(seen).toHaveLength(100);
  expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
});

test('lists channels of every kind without their log, to operators only', async () => {
  const [owner, friend] = (await rig.persons(2)) as [Person, Person];
  const id = await chats.make(owner, 'private', { name: 'Quiet corner' });
  const direct = (await chats.direct(owner, friend.id)).id;
  await chats.say(id, owner, 3);
  const { channels: found } = await channels({ text: 'quiet' });
  expect(found).toMatchObject([
    { id, name: 'Quiet corner', ownerId: owner.id, memberCount: 1, lastSeq: 0, log: '', users: [] },
  ]);
  expect((await channels({ page: { after: String(direct - 1) } })).channels).toMatchObject([{ id: direct, name: '' }]);
  const { reasons } = await outcomes<unknown>([users({}, owner), channels({}, owner)]);
  expect(reasons).toEqual(['not-operator', 'not-operator']);
});

test('refuses invalid texts and page tokens', async () => {
  for (const text of ['x'.repeat(255), 'a\u0000b']) {
    await expect(users({ text })).rejects.toEqual(reason('invalid-search'));
    await expect(channels({ text })).rejects.toEqual(reason('invalid-search'));
  }
  await expect(users({ status: 9 as UserStatus })).rejects.toEqual(reason('invalid-search'));
  for (const page of [{ size: 101 }, { after: 'x' }, { after: '-1' }]) {
    await expect(users({ page })).rejects.toEqual(reason('invalid-page'));
    await expect(channels({ page })).rejects.toEqual(reason('invalid-page'));
  }
});
