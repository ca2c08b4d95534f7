import { UserRole } from '@parley/contract';
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

test('by user id, whatever the case', async () => {
  for (const login of ['Alice', 'alice', 'ALICE']) {
    const { user, token, expiresAt } = await accounts.login(login);
    expect(user).toMatchObject({ id: 'Alice', name: 'Alice A.', role: UserRole.USER, email: 'alice@example.org' });
    expect(await reasonOf(accounts.get(token, { id: 'Alice' }))).toBe('ok');
    expect(Math.abs(expiresAt - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
  }
});

test('a device is kept, bounded and printable', async () => {
  await accounts.login('Alice', { device: `my\0 \u202ephone ${'x'.repeat(500)}` });
  const [row] = await accounts.sql('SELECT device FROM chat.session ORDER BY created_at DESC LIMIT 1');
  expect(row?.device).toBe(`my phone ${'x'.repeat(91)}`);
});

test('one answer for every failure', async () => {
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
    accounts.login('alice@example.org'), // nobody has proved that it is theirs
    accounts.login('away'),
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
      message: 'the user id or the password is wrong',
      retryAfterMs: 0,
    });
  }
});

test('one address has so many attempts at once', async () => {
  const reasons = await Promise.all(Array.from({ length: 80 }, () => reasonOf(accounts.login('nobody'))));
  expect(reasons.filter((reason) => reason === 'wrong-credentials').length).toBeGreaterThanOrEqual(50);
  expect(reasons).toContain('login-too-often');
});

test('who waits as long as told gets in', async () => {
  await accounts.sql("INSERT INTO chat.rate SELECT 'login-address:127.0.0.1', now() + make_interval(secs => 50)");
  const refused = (await accounts.login('Alice').catch((error: unknown) => error)) as { retryAfterMs: number };
  expect(refused).toMatchObject({ reason: 'login-too-often' });
  expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
  await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs));
  expect(await reasonOf(accounts.login('Alice'))).toBe('ok');
});

test("others' failures hold an account up for a fraction of a second only", async () => {
  await accounts.sql("INSERT INTO chat.rate SELECT 'login-account:alice', now() + make_interval(secs => 0.2 * 500)");
  const refused = (await accounts.login('Alice').catch((error: unknown) => error)) as { retryAfterMs: number };
  expect(refused).toMatchObject({ reason: 'login-too-often' });
  expect(refused.retryAfterMs).toBeGreaterThan(0);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(200);
  expect(await reasonOf(accounts.login('nobody'))).toBe('wrong-credentials');
});

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

test('an unknown user takes as long as a wrong password', async () => {
  const slow = await Accounts.start({ PARLEY_BCRYPT_COST: '9' }, accounts.database);
  try {
    await slow.register('timed');
    const times: Record<'timed' | 'nobody', number[]> = { timed: [], nobody: [] };
    for (let n = 0; n < 21; n++) {
      for (const id of ['timed', 'nobody'] as const) {
        const began = performance.now();
        expect(await reasonOf(slow.login(id, { password: 'wrong horse' }))).toBe('wrong-credentials');
        times[id].push(performance.now() - began);
      }
    }
    const [known, unknown] = [median(times.timed), median(times.nobody)];
    expect(Math.abs(known - unknown) / known).toBeLessThan(0.2);
  } finally {
    await slow.stop();
  }
});

test('more than two seconds of passwords are refused, not queued', async () => {
  const slow = await Accounts.start({ PARLEY_BCRYPT_COST: '12' }, accounts.database);
  try {
    const reasons = await Promise.all(Array.from({ length: 45 }, (_, n) => reasonOf(slow.login(`nobody-${n}`))));
    expect(new Set(reasons)).toEqual(new Set(['wrong-credentials', 'too-busy']));
  } finally {
    await slow.stop();
  }
});

test('another cost or scheme is taken over at the next login', async () => {
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

test('a password that changes while it is verified opens nothing', async () => {
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
