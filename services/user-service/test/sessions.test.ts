import { until } from '@parley/testkit';
import { Accounts, password, reasonOf } from './accounts.js';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
  await accounts.register('alice');
  await accounts.register('bob');
});
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

test('lists only the sessions of the caller, the newest first, with device, address and time', async () => {
  const before = Date.now() - 60_000;
  const { token: old } = await accounts.login('alice', { device: 'old phone' });
  const { token, expiresAt } = await accounts.login('alice', { device: 'laptop' });
  await accounts.login('bob', { device: "bob's" });
  const sessions = await accounts.sessions(token);
  expect(sessions).toMatchObject([
    { device: 'laptop', address: '127.0.0.1', current: true, expiresAt },
    { device: 'old phone', address: '127.0.0.1', current: false },
  ]);
  expect(sessions[0]?.createdAt).toBeGreaterThan(before);
  expect((await accounts.sessions(old)).map(({ current }) => current)).toEqual([false, true]);
});

test('ends another session of the caller and leaves the rest alone', async () => {
  await accounts.register('carol');
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => accounts.login('carol')));
  const mine = first?.token ?? '';
  const target = await accounts.sessions(second?.token ?? '');
  await accounts.logout(mine, { sessionId: target.find(({ current }) => current)?.id ?? '' });
  const ends = [first, second, third].map((one) => reasonOf(accounts.get(one?.token ?? '', { id: 'carol' })));
  expect(await Promise.all(ends)).toEqual(['ok', 'logged-out', 'ok']);
  expect(await accounts.sessions(mine)).toHaveLength(2);
});

test('refuses a session of another user, an ended one and an unknown one alike', async () => {
  const alice = (await accounts.login('alice')).token;
  const { token: bob } = await accounts.login('bob');
  const [theirs] = await accounts.sessions(bob);
  const { token: ended } = await accounts.login('alice');
  const mine = (await accounts.sessions(ended)).find(({ current }) => current);
  await accounts.logout(ended);
  const ids = [theirs?.id ?? '', mine?.id ?? '', '00000000-0000-4000-8000-000000000000', 'x', "' OR true --", '\0'];
  for (const sessionId of [...ids, 'x'.repeat(10_000)]) {
    expect(await reasonOf(accounts.logout(alice, { sessionId }))).toBe('session-not-found');
  }
  expect(await reasonOf(accounts.get(bob, { id: 'bob' }))).toBe('ok');
  expect(await reasonOf(accounts.logout(alice, { sessionId: theirs?.id ?? '', everywhere: true }))).toBe(
    'session-not-found',
  );
});

test('leaves out sessions that have ended, and those ended by a password change', async () => {
  await accounts.register('dave');
  const { token: other } = await accounts.login('dave');
  const { token } = await accounts.login('dave');
  await accounts.update(token, { password, newPassword: 'a new correct horse' });
  expect(await accounts.sessions(token)).toMatchObject([{ current: true }]);
  expect(await reasonOf(accounts.sessions(other))).toBe('logged-out');
});

test('limits how often sessions are listed', async () => {
  const { token } = await accounts.login('bob');
  const listing = () => Promise.all(Array.from({ length: 150 }, () => reasonOf(accounts.sessions(token))));
  await until(async () => (await listing()).includes('read-too-often'));
});
