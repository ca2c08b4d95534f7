import { dictionary } from '@zxcvbn-ts/language-common';
import { isCommonPassword } from '../src/passwords/common-passwords.js';
import { Accounts, reasonOf } from './accounts.js';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

test('creates an account with a number, a hash and the user id as name', async () => {
  await accounts.register('First.One');
  const [row] = await accounts.sql("SELECT * FROM chat.users WHERE id = 'First.One'");
  expect(row).toMatchObject({ name: 'First.One', email: null, role: 'user', status: 'active' });
  expect(row?.password_hash).toMatch(/^\$2b\$04\$/);
});

test('refuses an id that differs only in case, but accepts a shared email address', async () => {
  await accounts.register('Bob', { email: 'Bob@example.org' });
  expect(await reasonOf(accounts.register('Bob'))).toBe('user-id-taken');
  expect(await reasonOf(accounts.register('bOB'))).toBe('user-id-taken');
  expect(await reasonOf(accounts.register('other', { email: 'bob@EXAMPLE.org' }))).toBe('ok');
});

test('creates one account for concurrent calls with one id', async () => {
  const tries = Array.from({ length: 10 }, (_, n) => reasonOf(accounts.register(n % 2 ? 'Race' : 'race')));
  const reasons = await Promise.all(tries);
  expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(1);
  expect(reasons.filter((reason) => reason === 'user-id-taken')).toHaveLength(9);
});

test.each([
  ['empty', ''],
  ['65 long', 'a'.repeat(65)],
  ['a space', 'a b'],
  ['an at sign', 'a@b'],
  ['a line end', 'alice\n'],
  ['NUL', 'al\0ice'],
  ['Cyrillic', '\u0430lice'],
  ['zero width', 'ali\u200bce'],
  ['first a dot', '.alice'],
  ['not a string of SQL', "a'; DROP TABLE chat.users; --"],
])('refuses a user id: %s', async (_, id) => {
  for (const name of ['n', id]) expect(await reasonOf(accounts.register(id, { name }))).toBe('invalid-user-id');
});

test.each(['12345678', 'password1', 'qwertyuiop', 'iloveyou', 'PassWord1'])(
  'refuses a common password: %s',
  async (password) => {
    expect(await reasonOf(accounts.register('common', { password }))).toBe('common-password');
  },
);

test.each([
  ['blank', ' \u00a0\u3000 '],
  ['65 characters', 'x'.repeat(65)],
  ['a control', 'a\u0007b'],
  ['C1', 'a\u0085b'],
  ['NUL', 'a\0b'],
  ['a line end', 'a\nb'],
  ['right to left override', 'a\u202eb'],
  ['isolate', 'a\u2066b'],
  ['zero width space', 'a\u200bb'],
  ['zero width joiner', 'a\u200db'],
  ['byte order mark', '\ufeffab'],
  ['soft hyphen', 'a\u00adb'],
  ['tag characters', 'a\u{e0041}b'],
  ['Hangul filler', '\u3164'],
  ['Braille blank', '\u2800'],
])('refuses a name: %s', async (_, name) => {
  expect(await reasonOf(accounts.register('names', { name }))).toBe('invalid-name');
});

test.each([
  ['64 characters beyond the BMP', '\u{1f600}'.repeat(64)],
  ['composed', 'Andr\u00e9'],
  ['Arabic', '\u0645\u0631\u062d\u0628\u0627'],
  ['a heart', '\u2764\ufe0f'],
])('accepts a name: %s', async (kind, name) => {
  const id = kind.replaceAll(' ', '-');
  await accounts.register(id, { name });
  expect(await accounts.sql('SELECT name FROM chat.users WHERE id = $1', [id])).toEqual([{ name }]);
});

test.each([
  ['7 bytes', '1234567', 'invalid-password'],
  ['no bytes', '', 'invalid-password'],
  ['73 bytes', 'x'.repeat(73), 'invalid-password'],
  ['73 bytes in 37 characters', `${'é'.repeat(36)}x`, 'invalid-password'],
  ['bytes with NUL', 'correct\0horse', 'invalid-password'],
  ['72 bytes', 'é'.repeat(36), 'ok'],
])('a password of %s gets the result %s', async (kind, password, expected) => {
  const id = kind.replaceAll(' ', '-');
  expect(await reasonOf(accounts.register(`p-${id}`, { password }))).toBe(expected);
});

test.each(['a', '@b', 'a@', 'a@b@c', 'a b@c', 'a@b\n', 'a\0@b', `${'a'.repeat(250)}@b.cd`, 'a\u202e@b'])(
  'refuses the email address %j',
  async (email) => {
    expect(await reasonOf(accounts.register('mails', { email }))).toBe('invalid-email');
  },
);

test('limits the registrations of one address', async () => {
  let late = 0;
  const refused = await accounts.refusalAt('register-address', 2 * 99 + 1, () => accounts.register(`late-${++late}`));
  expect(refused).toMatchObject({ reason: 'register-too-often' });
  expect(refused.retryAfterMs).toBeGreaterThan(0);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
});

test('refuses each of the 10,000 most common passwords that are long enough, in any case', () => {
  const common = dictionary['passwords-common'].slice(0, 10_000).filter((one) => Buffer.byteLength(one) >= 8);
  expect(common.length).toBeGreaterThan(1_000);
  expect(common.filter((one) => !isCommonPassword(one) || !isCommonPassword(one.toUpperCase()))).toEqual([]);
  expect(isCommonPassword('correct horse')).toBe(false);
});
