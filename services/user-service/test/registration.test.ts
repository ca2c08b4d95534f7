import { randomBytes } from 'node:crypto';
import { Accounts, reasonOf } from './accounts.js';

let invited: Accounts;
let closed: Accounts;

interface InvitationColumns {
  readonly uses?: number | null;
  readonly used?: number;
  readonly expires?: string;
  readonly revoked?: string;
  readonly channel?: number;
}

/** Creates an invitation by SQL, as the manager does, and returns its code. */
async function invitation(columns: InvitationColumns = {}): Promise<string> {
  const { uses = null, used = 0, expires = 'infinity', revoked = null, channel = null } = columns;
  const code = randomBytes(16).toString('base64url');
  await invited.sql(
    `INSERT INTO chat.invite (id, channel_id, created_by, max_uses, use_count, expires_at, revoked_at)
     VALUES ($1, $2, 'root', $3, $4, now() + nullif($5, 'infinity')::interval, now() + $6::interval)`,
    [code, channel, uses, used, expires, revoked],
  );
  return code;
}

const uses = async (code: string) =>
  (await invited.sql('SELECT use_count FROM chat.invite WHERE id = $1', [code]))[0]?.use_count;

beforeAll(async () => {
  invited = await Accounts.start({ PARLEY_REGISTRATION: 'invite' });
  closed = await Accounts.start({ PARLEY_REGISTRATION: 'closed' }, invited.database);
});
afterAll(async () => {
  await invited.stop();
  await closed.stop();
  await invited.database.close();
});

test('only the first account needs no invitation, in either mode', async () => {
  const tries = Array.from({ length: 10 }, (_, n) => reasonOf((n % 2 ? invited : closed).register(`first-${n}`)));
  const reasons = await Promise.all(tries);
  expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(1);
  expect(await invited.sql('SELECT count(*)::int AS n FROM chat.users')).toEqual([{ n: 1 }]);
  await invited.sql("UPDATE chat.users SET id = 'root', role = 'admin'");
});

test('the closed mode refuses everyone, even with an invitation', async () => {
  const code = await invitation();
  for (const invite of ['', code]) {
    expect(await reasonOf(closed.register('late', { invite }))).toBe('registration-closed');
  }
  expect(await uses(code)).toBe(0);
});

test('an invitation lets its holder register, until it is used up', async () => {
  const code = await invitation({ uses: 2 });
  expect(await reasonOf(invited.register('one', { invite: code }))).toBe('ok');
  expect(await reasonOf(invited.register('two', { invite: code }))).toBe('ok');
  expect(await reasonOf(invited.register('three', { invite: code }))).toBe('invite-not-found');
});

test('a refused registration does not use up an invitation', async () => {
  const code = await invitation({ uses: 1 });
  expect(await reasonOf(invited.register('ROOT', { invite: code }))).toBe('user-id-taken');
  expect(await reasonOf(invited.register('x', { invite: code, password: 'password' }))).toBe('common-password');
  expect(await uses(code)).toBe(0);
});

test('gives the same refusal for every invitation that cannot be used', async () => {
  const [{ id: channel }] = (await invited.sql(
    "INSERT INTO chat.channel (name, owner_id, kind) VALUES ('c', 'root', 'group') RETURNING id",
  )) as [{ id: number }];
  const invites = [
    await invitation({ uses: 3, used: 3 }),
    await invitation({ expires: '0 s' }),
    await invitation({ revoked: '0 s' }),
    await invitation({ channel }),
    randomBytes(16).toString('base64url'),
    '',
    ' ',
    '\0',
    "' OR true --",
    'x'.repeat(20_000),
  ];
  for (const invite of invites) {
    const refused = invited.register('nobody', { invite }).catch((error: Error) => error);
    await expect(refused).resolves.toMatchObject({
      reason: 'invite-not-found',
      message: expect.stringMatching(invite === '' ? /^An account here needs an invitation/ : /^This/),
    });
  }
});

test('an invitation for 10 lets in exactly 10 of 100 users at once', async () => {
  const code = await invitation({ uses: 10 });
  const tries = Array.from({ length: 100 }, (_, n) => reasonOf(invited.register(`crowd-${n}`, { invite: code })));
  const reasons = await Promise.all(tries);
  expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(10);
  expect(reasons.filter((reason) => reason === 'invite-not-found').length).toBeGreaterThan(0);
  expect(await invited.sql("SELECT count(*)::int AS n FROM chat.users WHERE id LIKE 'crowd-%'")).toEqual([{ n: 10 }]);
  expect(await uses(code)).toBe(10);
});
