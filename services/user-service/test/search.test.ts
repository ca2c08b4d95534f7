import { Visibility } from '@parley/contract';
import { planModes, planOf } from '@parley/testkit';
import { searchUsers } from '../src/store/search.js';
import { Accounts, reasonOf } from './accounts.js';

let accounts: Accounts;
let me: string;
let root: string;
/** Number of callers so far. Each test has its own caller, because searches are limited. */
let callers = 0;

const people: Readonly<Record<string, string>> = {
  asa: 'Åsa Öberg',
  Ann: 'Ann',
  anna_b: 'Zoë',
  zed: 'ANNABEL',
  strasse: 'Straße 9',
  dima: 'Дмитрий',
  niqqud: 'שָׁלוֹם',
  kanji: '山田太郎',
  kana: 'ガンダム',
  lodz: 'Łódź',
  wide: 'ＷＩＤＥ',
};

beforeAll(async () => {
  accounts = await Accounts.start();
  root = await accounts.token('root');
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = 'root'");
  for (const [id, name] of Object.entries(people)) await accounts.register(id, { name });
});
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});
beforeEach(async () => {
  me = await accounts.token(`caller-${++callers}`);
});

const found = async (text: string, token = me) => (await accounts.search(token, text)).users.map(({ id }) => id);

test.each([
  ['asa', ['asa']],
  ['ÅSA', ['asa']],
  ['asa o', ['asa']],
  ['ann', ['Ann', 'anna_b', 'zed']],
  ['zoe', ['anna_b']],
  ['STRASS', ['strasse']],
  ['straße', ['strasse']],
  ['дМ', ['dima']],
  ['שלום', ['niqqud']],
  ['山田', ['kanji']],
  ['ガン', ['kana']],
  ['lodz', ['lodz']],
  ['wide', ['wide']],
  ['  wide', ['wide']],
  ['sa', []],
  ['%', []],
  ['_', []],
])('%s finds %j by the start of id or name', async (text, ids) => {
  expect(await found(text)).toEqual(ids);
});

test('finds a user by number, and lists that user once', async () => {
  const { number } = await accounts.get(me, { id: 'dima' });
  await accounts.register(`${number}-twin`);
  await accounts.sql('UPDATE chat.users SET name = $1 WHERE id = $2', [String(number), 'dima']);
  expect(await found(String(number))).toEqual(['dima', `${number}-twin`]);
});

test('goes through all results in pages, each user once', async () => {
  for (let n = 0; n < 25; n++) await accounts.register(`page-${n}`, { name: n % 3 === 0 ? `Pagé ${99 - n}` : 'x' });
  const seen: string[] = [];
  let after = '';
  do {
    const { users, next } = await accounts.search(me, 'page', { size: 4, after });
    expect(users.length === 4 || next === '').toBe(true);
    seen.push(...users.map(({ id }) => id));
    after = next;
  } while (after !== '');
  expect(seen).toHaveLength(25);
  expect(new Set(seen).size).toBe(25);
});

test.each([
  ['nothing', ''],
  ['spaces', '   '],
  ['a combining accent alone', '\u0301'],
  ['NUL', 'a\0'],
  ['a direction mark', '\u202ea'],
  ['65 characters', 'x'.repeat(65)],
  ['20 kB', 'x'.repeat(20_000)],
])('refuses a text as invalid-search: %s', async (_, text) => {
  expect(await reasonOf(accounts.search(me, text))).toBe('invalid-search');
});

const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
test.each([
  ['no token', 'x'],
  ['no position', token({})],
  ['a number that is not whole', token(['a', 0.5])],
  ['a number too high', token(['a', 2 ** 31])],
  ['NUL', token(['a\0', 1])],
  ['a key that is not text', token([1, 1])],
  ['too long', token(['x'.repeat(2_000), 1])],
])('refuses a page token as invalid-page: %s', async (_, after) => {
  expect(await reasonOf(accounts.search(me, 'a', { after }))).toBe('invalid-page');
  expect(await reasonOf(accounts.search(me, 'a', { size: 101 }))).toBe('invalid-page');
});

test('a page token from before the first match starts at the first match', async () => {
  const { users } = await accounts.search(me, 'ann', { after: token(['a', 1]) });
  expect(users.map(({ id }) => id)).toEqual(['Ann', 'anna_b', 'zed']);
});

test('finds only users whose profile the caller may see, and reveals nothing about the others', async () => {
  const hidden = await accounts.token('hiding-one');
  const friend = await accounts.token('friend');
  await accounts.register('hiding-two');
  await accounts.sql("UPDATE chat.users SET visibility = 'nobody' WHERE id LIKE 'hiding-%'");
  await accounts.sql(`WITH c AS (INSERT INTO chat.channel (name, owner_id, kind) VALUES ('c', 'root', 'group') RETURNING id)
    INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT c.id, who, 0 FROM c, (VALUES ('hiding-one'), ('friend')) AS v (who)`);
  const missing = await accounts.search(me, 'nowhere');
  expect(await accounts.search(me, 'hiding')).toEqual(missing);
  expect(await accounts.search(me, 'hiding', { size: 1 })).toEqual(missing);
  expect(await accounts.search(friend, 'hiding')).toEqual(missing);
  await accounts.update(hidden, { visibility: Visibility.CONTACTS });
  expect(await accounts.search(me, 'hiding')).toEqual(missing);
  expect(await found('HIDING', friend)).toEqual(['hiding-one']);
  expect(await found('hiding', root)).toEqual(['hiding-one', 'hiding-two']);
  const { number } = await accounts.get(root, { id: 'hiding-two' });
  expect(await found(String(number))).toEqual([]);
  await accounts.sql("UPDATE chat.member SET left_seq = 0 WHERE user_id = 'friend'");
  expect(await accounts.search(friend, 'hiding')).toEqual(missing);
});

test('shows only the part of each profile that the caller may see', async () => {
  const carl = await accounts.token('carl', { email: 'carl@example.org' });
  await accounts.update(carl, { about: 'a carpenter' });
  const [user] = (await accounts.search(me, 'carl')).users;
  expect(user).toMatchObject({ id: 'carl', about: 'a carpenter', email: '', visibility: 0 });
});

test('limits the number of searches', async () => {
  const reasons = await Promise.all(Array.from({ length: 90 }, () => reasonOf(accounts.search(me, 'ann'))));
  expect(reasons).toContain('read-too-often');
});

describe('with 100,000 users', () => {
  beforeAll(async () => {
    await accounts.sql(`INSERT INTO chat.users (id, name, password_hash, visibility)
      SELECT 'crowd' || n, 'Crowd ' || n % 1000, '!', (ARRAY['everyone', 'users', 'contacts', 'nobody'])[1 + n % 4] FROM generate_series(1, 100000) n`);
    await accounts.sql('ANALYZE chat.users');
  });

  test.each(planModes)('reads a page by index (%s)', async (mode) => {
    const values = searchUsers.valuesOf({
      ...{ afterKey: 'crowd 50', afterNumber: 7, text: 'Crowd', classes: [true], scan: 202 },
      ...{ readerId: 'me', readerRole: 'user', exceptNumber: 0, size: 101 },
    });
    const plan = await planOf(accounts.owner, { text: searchUsers.text, values, mode });
    expect(plan).toContain('users_found_by_id');
    expect(plan).toContain('users_found_by_name');
    expect(plan).not.toContain('Seq Scan');
    const read = [...plan.matchAll(/actual rows=(\d+)/g)].map(([, count]) => Number(count));
    expect(Math.max(...read)).toBeLessThanOrEqual(2 * 202 + 2);
  });

  test('finds users of a large crowd in full pages', async () => {
    const { users, next } = await accounts.search(me, 'crowd 1');
    expect([users.length, next === '']).toEqual([100, false]);
  });
});

test('marks users whom the caller has blocked, found by id or number, for the caller only', async () => {
  const { number } = await accounts.get(me, { id: 'dima' });
  await accounts.sql('INSERT INTO chat.block (user_id, blocked_id) VALUES ($1, $2)', [`caller-${callers}`, 'dima']);
  const blockedFor = async (token: string, text: string) =>
    (await accounts.search(token, text)).users.filter(({ blocked }) => blocked).map(({ id }) => id);
  for (const text of ['di', String(number)]) {
    expect(await blockedFor(me, text)).toEqual(['dima']);
    expect(await blockedFor(root, text)).toEqual([]);
  }
  expect(await blockedFor(me, 'ann')).toEqual([]);
  expect((await accounts.get(me, { id: 'dima' })).blocked).toBe(true);
});
