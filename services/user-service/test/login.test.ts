import { UserRole } from '@parley/contract';
import { until } from '@parley/testkit';
import { hashSync } from 'bcryptjs';
import { Accounts, password, reasonOf } from './accounts.js';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
  await accounts.register('Alice', { email: 'alice@example.org', name: 'Alice A.' });
});
beforeEach(() => accounts.sql('DELETE FROM chat.rate'));
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

test('logs in by user id or verified email address, in any case', async () => {
  await verify('Alice');
  for (const login of ['Alice', 'alice', 'ALICE@example.org']) {
    const { user, token, expiresAt } = await accounts.login(login);
    expect(user).toMatchObject({ id: 'Alice', name: 'Alice A.', role: UserRole.USER, email: 'alice@example.org' });
    expect(await reasonOf(accounts.get(token, { id: 'Alice' }))).toBe('ok');
    expect(Math.abs(expiresAt - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
  }
});

const verify = (id: string) => accounts.sql('UPDATE chat.users SET email_verified = true WHERE id = $1', [id]);

test('nobody can log in by an email address before it is verified', async () => {
  await accounts.register('first', { email: 'shared@example.org' });
  await accounts.register('second', { email: 'Shared@example.org', password: 'another horse' });
  const attempts = () => [
    accounts.login('shared@example.org'),
    accounts.login('SHARED@example.org', { password: 'another horse' }),
  ];
  expect(await Promise.all(attempts().map(reasonOf))).toEqual(['wrong-credentials', 'wrong-credentials']);
  await verify('second');
  expect(await Promise.all(attempts().map(reasonOf))).toEqual(['wrong-credentials', 'ok']);
  await expect(verify('first')).rejects.toThrow('users_email_verified');
});

test('a changed email address is unverified, unless only its case changed', async () => {
  const token = await accounts.token('wanderer', { email: 'old@example.org' });
  await verify('wanderer');
  expect(await accounts.update(token, { email: 'OLD@example.org', password })).toMatchObject({ emailVerified: true });
  expect((await accounts.login('old@example.org')).user?.id).toBe('wanderer');
  expect(await accounts.update(token, { email: 'new@example.org', password })).toMatchObject({ emailVerified: false });
  for (const address of ['old@example.org', 'new@example.org']) {
    expect(await reasonOf(accounts.login(address))).toBe('wrong-credentials');
  }
  await verify('wanderer');
  expect(await accounts.update(token, { email: '', password })).toMatchObject({ email: '', emailVerified: false });
});

test('stores a bounded, printable device name', async () => {
  await accounts.login('Alice', { device: `my\0 \u202ephone ${'x'.repeat(500)}` });
  const [row] = await accounts.sql('SELECT device FROM chat.session ORDER BY created_at DESC LIMIT 1');
  expect(row?.device).toBe(`my phone ${'x'.repeat(91)}`);
});

test('every failed login gets the same refusal', async () => {
  await accounts.register('gone');
  await accounts.register('away');
  await accounts.sql("UPDATE chat.users SET status = 'suspended' WHERE id = 'away'");
  await accounts.sql("UPDATE chat.users SET status = 'deleted' WHERE id = 'gone'");
  await accounts.sql("INSERT INTO chat.users (id, name, password_hash, role) VALUES ('guest', 'g', '!', 'guest')");
  await accounts.register('visitor');
  await accounts.sql("UPDATE chat.users SET role = 'guest' WHERE id = 'visitor'");
  const attempts = [
    accounts.login('visitor'),
    accounts.login('Alice', { password: 'wrong horse' }),
    accounts.login('nobody'),
    accounts.login('nobody@example.org'),
    accounts.login('away', { password: 'wrong horse' }),
    accounts.login('gone'),
    accounts.login('guest'),
    accounts.login('guest', { password: '!' }),
    accounts.login(''),
    accounts.login('al\0ice'),
    accounts.login('x'.repeat(5_000)),
    accounts.login('Alice', { password: '' }),
    accounts.login('Alice', { password: 'x'.repeat(73) }),
    accounts.login('Alice', { password: `${password}\0` }),
    accounts.login("' OR true --"),
  ];
  const answers = await Promise.all(attempts.map((attempt) => attempt.catch((error: unknown) => error)));
  for (const answer of answers) {
    expect(answer).toMatchObject({
      reason: 'wrong-credentials',
      message: 'The user id or password is wrong.',
      retryAfterMs: 0,
    });
  }
});

test('limits the logins from one address', async () => {
  const reasons: string[] = [];
  while (reasons.at(-1) !== 'login-too-often') reasons.push(await reasonOf(accounts.login(`nobody-${reasons.length}`)));
  expect(reasons.length).toBeGreaterThan(50);
  expect(new Set(reasons)).toEqual(new Set(['wrong-credentials', 'login-too-often']));
});

test('admits a caller who has waited as long as the retry hint says', async () => {
  const refused = await accounts.refusalAt('login-address', 50, () => accounts.login('Alice'));
  expect(refused).toMatchObject({ reason: 'login-too-often' });
  expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
  await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs));
  expect(await reasonOf(accounts.login('Alice'))).toBe('ok');
});

test('a suspended user learns of the suspension only after the right password', async () => {
  await accounts.register('held');
  await accounts.sql("UPDATE chat.users SET status = 'suspended' WHERE id = 'held'");
  expect(await reasonOf(accounts.login('held', { password: 'wrong horse' }))).toBe('wrong-credentials');
  expect(await reasonOf(accounts.login('held'))).toBe('suspended');
});

test('allows strangers ten wrong passwords at once, then one every 90 s', async () => {
  await accounts.register('target');
  const wrong = () => reasonOf(accounts.login('target', { password: 'wrong horse' }));
  const reasons = await Promise.all(Array.from({ length: 20 }, wrong));
  expect(reasons.filter((reason) => reason === 'wrong-credentials')).toHaveLength(10);
  expect(reasons.filter((reason) => reason === 'login-too-often')).toHaveLength(10);
  const refused = await accounts.login('target').catch((error: unknown) => error);
  expect((refused as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(90_000);
  expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(60_000);
});

test('unknown and known accounts have the same budget of wrong passwords', async () => {
  const reasons = await Promise.all(Array.from({ length: 15 }, () => reasonOf(accounts.login('no-such-user'))));
  expect(reasons.filter((reason) => reason === 'login-too-often')).toHaveLength(5);
});

test('does not reveal to which account an email address belongs', async () => {
  await accounts.register('known', { email: 'known@example.org' });
  for (let n = 0; n < 10; n++) await reasonOf(accounts.login('known', { password: 'wrong horse' }));
  expect(await reasonOf(accounts.login('known', { password: 'wrong horse' }))).toBe('login-too-often');
  for (const address of ['known@example.org', 'Known@Example.org', 'nobody@example.org']) {
    expect(await reasonOf(accounts.login(address, { password: 'wrong horse' }))).toBe('wrong-credentials');
  }
});

const useUp = (key: string) =>
  accounts.sql(
    'INSERT INTO chat.rate VALUES ($1, now() + make_interval(secs => 900)) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat',
    [key],
  );

test("strangers' failures do not lock out an owner at a familiar address", async () => {
  await accounts.register('owner');
  expect(await reasonOf(accounts.login('owner'))).toBe('ok');
  await useUp('login-account:owner');
  expect(await reasonOf(accounts.login('owner'))).toBe('ok');
  await accounts.register('newcomer');
  await useUp('login-account:newcomer');
  expect(await reasonOf(accounts.login('newcomer'))).toBe('login-too-often');
});

test('right passwords do not use up the budget of wrong ones', async () => {
  await accounts.register('busy');
  for (let n = 0; n < 25; n++) expect(await reasonOf(accounts.login('busy'))).toBe('ok');
});

test('accepts every Unicode form of a password, even with an old hash', async () => {
  const composed = 'M\u00fcllers Caf\u00e9';
  const decomposed = composed.normalize('NFD');
  await accounts.register('typist', { password: decomposed });
  for (const typed of [composed, decomposed])
    expect(await reasonOf(accounts.login('typist', { password: typed }))).toBe('ok');
  await accounts.register('veteran');
  const old = hashSync(decomposed, 4);
  await accounts.sql("UPDATE chat.users SET password_hash = $1 WHERE id = 'veteran'", [old]);
  expect(await reasonOf(accounts.login('veteran', { password: composed }))).toBe('ok');
  const [row] = await accounts.sql("SELECT password_hash FROM chat.users WHERE id = 'veteran'");
  expect(row?.password_hash).not.toBe(old);
  expect(await reasonOf(accounts.login('veteran', { password: decomposed }))).toBe('ok');
  expect(await reasonOf(accounts.login('veteran', { password: 'Mullers Cafe' }))).toBe('wrong-credentials');
});

test('refuses a login if more than two seconds of hashing are queued', async () => {
  const slow = await Accounts.start({ PARLEY_BCRYPT_COST: '12' }, accounts.database);
  try {
    const reasons = await Promise.all(Array.from({ length: 45 }, (_, n) => reasonOf(slow.loginOnce(`nobody-${n}`))));
    expect(new Set(reasons)).toEqual(new Set(['wrong-credentials', 'too-busy']));
  } finally {
    await slow.stop();
  }
});

test('a login from a familiar address overtakes the queue of strangers', async () => {
  const slow = await Accounts.start({ PARLEY_BCRYPT_COST: '10' }, accounts.database);
  try {
    await slow.token('regular');
    let over = 0;
    const knock = async (userId: string) => {
      if ((await reasonOf(slow.loginOnce(userId))) === 'wrong-credentials') over += 1;
    };
    await until(async () => {
      await accounts.sql('DELETE FROM chat.rate');
      over = 0;
      const flood = Array.from({ length: 45 }, (_, n) => knock(`nobody-${n}`));
      await until(() => over > 0);
      const begun = over;
      const reason = await reasonOf(slow.loginOnce('regular'));
      const earlier = over - begun;
      await Promise.all(flood);
      const overtaken = over - begun - earlier;
      return reason === 'ok' && (earlier <= 2 || overtaken >= 2); // A stall may outlast the queue.
    });
  } finally {
    await slow.stop();
  }
});

test('rehashes with a new cost or scheme at the next login', async () => {
  await accounts.register('mover');
  const hash = async () => (await accounts.sql("SELECT password_hash FROM chat.users WHERE id = 'mover'"))[0];
  const schemes: [Record<string, string>, RegExp][] = [
    [{ PARLEY_BCRYPT_COST: '5' }, /^\$2b\$05\$/],
    [{ PARLEY_PASSWORD_SCHEME: 'argon2id' }, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
  ];
  for (const [env, form] of schemes) {
    const other = await Accounts.start(env, accounts.database);
    try {
      expect(await reasonOf(other.login('mover'))).toBe('ok');
      expect((await hash())?.password_hash).toMatch(form);
      expect(await reasonOf(other.login('mover', { password: 'wrong horse' }))).toBe('wrong-credentials');
    } finally {
      await other.stop();
    }
  }
  expect(await reasonOf(accounts.login('mover'))).toBe('ok');
  expect((await hash())?.password_hash).toMatch(/^\$2b\$04\$/);
});

test('a login is refused with a retry hint while the account is locked', async () => {
  await accounts.register('locked');
  const client = await accounts.owner.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT FROM chat.users WHERE id = 'locked' FOR UPDATE");
    let refused: unknown;
    do refused = await accounts.loginOnce('locked').catch((error: unknown) => error);
    while ((refused as { reason: string }).reason === 'database-away'); // The machine is overloaded.
    expect(refused).toMatchObject({ reason: 'too-busy' });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

test('opens no session if the password changes during verification', async () => {
  await accounts.register('racer');
  const client = await accounts.owner.connect();
  try {
    await client.query('BEGIN');
    await client.query("UPDATE chat.users SET password_hash = '!' WHERE id = 'racer'");
    const login = reasonOf(accounts.login('racer'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await client.query('COMMIT');
    expect(await login).toBe('wrong-credentials');
  } finally {
    client.release();
  }
});
