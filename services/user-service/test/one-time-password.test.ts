import { Accounts, password, reasonOf } from './accounts.js';

let accounts: Accounts;
let root: string;

beforeAll(async () => {
  accounts = await Accounts.start();
  root = await accounts.token('root');
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = 'root'");
});
beforeEach(() => accounts.sql('DELETE FROM chat.rate'));
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

test('a reset ends the sessions of the user and replaces the password', async () => {
  const alice = await accounts.token('alice');
  const once = await accounts.resetPassword(root, 'ALICE');
  expect(once).toMatch(/^([a-z2-9]{4}-){4}[a-z2-9]{4}$/);
  expect(await reasonOf(accounts.get(alice, { id: 'alice' }))).toBe('logged-out');
  expect(await reasonOf(accounts.login('alice'))).toBe('wrong-credentials');
  expect(
    await accounts.sql("SELECT actor, target, detail FROM chat.audit WHERE action = 'user.reset-password'"),
  ).toEqual([{ actor: 'root', target: 'alice', detail: {} }]);
});

test('a one-time password opens one session, which can only set a new password', async () => {
  await accounts.register('bob');
  const once = await accounts.resetPassword(root, 'bob');
  const { token, mustChangePassword } = await accounts.login('bob', { password: once });
  expect(mustChangePassword).toBe(true);
  expect(await reasonOf(accounts.login('bob', { password: once }))).toBe('wrong-credentials');
  const calls = [
    accounts.get(token, { id: 'bob' }),
    accounts.sessions(token),
    accounts.search(token, 'bob'),
    accounts.update(token, { name: 'Bob' }),
    accounts.update(token, { password: once, newPassword: once }),
    accounts.resetPassword(token, 'root'),
  ];
  expect(await Promise.all(calls.map(reasonOf))).toEqual(calls.map(() => 'must-change-password'));
  expect(await reasonOf(accounts.update(token, { password: 'wrong horse', newPassword: 'my own horse' }))).toBe(
    'wrong-credentials',
  );
  await accounts.update(token, { password: once, newPassword: 'my own horse' });
  expect(await reasonOf(accounts.get(token, { id: 'bob' }))).toBe('ok');
  expect((await accounts.login('bob', { password: 'my own horse' })).mustChangePassword).toBe(false);
});

test('a one-time password opens exactly one session for ten concurrent logins', async () => {
  await accounts.register('racer');
  const once = await accounts.resetPassword(root, 'racer');
  const logins = Array.from({ length: 10 }, () => reasonOf(accounts.login('racer', { password: once })));
  const reasons = await Promise.all(logins);
  expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(1);
  expect(reasons.filter((reason) => reason === 'wrong-credentials')).toHaveLength(9);
});

test('the session of a one-time password can log out, and an operator can reset the password again', async () => {
  await accounts.register('dora');
  const { token } = await accounts.login('dora', { password: await accounts.resetPassword(root, 'dora') });
  await accounts.logout(token);
  const again = await accounts.resetPassword(root, 'dora');
  expect((await accounts.login('dora', { password: again })).mustChangePassword).toBe(true);
});

test('only operators reset passwords, and only those of other accounts that have one', async () => {
  const carol = await accounts.token('carol');
  await accounts.register('program');
  await accounts.register('ghost');
  await accounts.sql("UPDATE chat.users SET bot = true WHERE id = 'program'");
  await accounts.sql("UPDATE chat.users SET status = 'deleted' WHERE id = 'ghost'");
  expect(await reasonOf(accounts.resetPassword(carol, 'root'))).toBe('not-operator');
  expect(await reasonOf(accounts.resetPassword(root, 'root'))).toBe('own-account');
  expect(await reasonOf(accounts.resetPassword(root, 'program'))).toBe('no-password');
  expect(await reasonOf(accounts.resetPassword(root, 'ghost'))).toBe('user-not-found');
  expect(await reasonOf(accounts.resetPassword(root, 'nobody'))).toBe('user-not-found');
  expect(await reasonOf(accounts.resetPassword(root, ''))).toBe('invalid-user-id');
  expect(await reasonOf(accounts.resetPassword(root, "x' OR true --"))).toBe('invalid-user-id');
  expect(await reasonOf(accounts.login('carol', { password }))).toBe('ok');
});
