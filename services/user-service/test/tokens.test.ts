import { randomUUID } from 'node:crypto';
import { until } from '@parley/testkit';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Accounts, reasonOf } from './accounts.js';

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicX: string;
}

let accounts: Accounts;
let key: Key;
let managerKey: Key;
let strangerKey: Key;
let claims: JWTPayload;
let otherSession: string;

async function makeKey(purpose?: 'user' | 'manager'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const kid = randomUUID();
  const jwk = await exportJWK(publicKey);
  if (purpose !== undefined) {
    const text =
      "INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at) VALUES ($1, $2, $1, $3, now() + interval '5 hours')";
    await accounts.sql(text, [kid, purpose, jwk]);
  }
  return { kid, privateKey, publicX: jwk.x as string };
}

async function sessionOf(userId: string): Promise<string> {
  const [row] = await accounts.sql(
    "INSERT INTO chat.session (user_id, expires_at) VALUES ($1, now() + interval '5 hours') RETURNING id",
    [userId],
  );
  return row?.id as string;
}

beforeAll(async () => {
  accounts = await Accounts.start();
  await accounts.register('alice');
  await accounts.register('bob');
  [key, managerKey, strangerKey] = await Promise.all([makeKey('user'), makeKey('manager'), makeKey()]);
  claims = { sub: 'alice', num: 1, name: 'alice', role: 'user', sid: await sessionOf('alice') };
  otherSession = await sessionOf('bob');
});
afterAll(async () => {
  await accounts.stop();
  await accounts.database.close();
});

interface Forgery {
  readonly claims?: JWTPayload;
  readonly typ?: string;
  readonly kid?: string;
  readonly by?: Key;
  readonly audience?: string;
  readonly issuer?: string;
  /** Time of issue, in seconds from now. */
  readonly issued?: number;
  readonly expires?: number;
}

function forge(forgery: Forgery = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const signer = forgery.by ?? key;
  return new SignJWT({ ...claims, ...forgery.claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: forgery.typ ?? 'user+jwt', kid: forgery.kid ?? signer.kid })
    .setIssuer(forgery.issuer ?? 'parley:user')
    .setAudience(forgery.audience ?? 'parley')
    .setIssuedAt(now + (forgery.issued ?? 0))
    .setExpirationTime(now + (forgery.expires ?? 600))
    .sign(signer.privateKey);
}

function unsigned(): string {
  const now = Math.floor(Date.now() / 1_000);
  const body = { ...claims, iss: 'parley:user', aud: 'parley', iat: now, exp: now + 600 };
  const [, payload] = new UnsecuredJWT(body).encode().split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'user+jwt', kid: key.kid })).toString('base64url');
  return `${header}.${payload}.`;
}

function byPublicKeyAsSecret(): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'user+jwt', kid: key.kid })
    .setIssuer('parley:user')
    .setAudience('parley')
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(Buffer.from(key.publicX, 'base64url'));
}

async function reasons(token: string): Promise<string[]> {
  const calls = [accounts.get(token, { id: 'alice' }), accounts.update(token, { about: 'me' }), accounts.logout(token)];
  return Promise.all(calls.map(reasonOf));
}

test('accepts the token that the forgeries are derived from', async () => {
  expect(await reasonOf(accounts.get(await forge(), { id: 'alice' }))).toBe('ok');
});

const forgeries: [what: string, make: () => string | Promise<string>, reason: string][] = [
  ['no token', () => '', 'unauthenticated'],
  ['no JWT', () => 'abc.def.ghi', 'invalid-token'],
  ['no signature by alg none', unsigned, 'invalid-token'],
  ['the public key as a secret', byPublicKeyAsSecret, 'invalid-token'],
  ['a key nobody published', () => forge({ by: strangerKey }), 'invalid-token'],
  ["another key under a good key's id", () => forge({ by: strangerKey, kid: key.kid }), 'invalid-token'],
  ["a manager's key", () => forge({ by: managerKey }), 'invalid-token'],
  ['a join token', () => forge({ typ: 'join+jwt' }), 'invalid-token'],
  ['a plain JWT', () => forge({ typ: 'JWT' }), 'invalid-token'],
  ['another audience', () => forge({ audience: 'manager' }), 'invalid-token'],
  ['another issuer', () => forge({ issuer: 'parley:join' }), 'invalid-token'],
  ['expired', () => forge({ issued: -700, expires: -100 }), 'expired-token'],
  ['no session', () => forge({ claims: { sid: undefined } }), 'invalid-token'],
  ['a session that is none', () => forge({ claims: { sid: randomUUID() } }), 'logged-out'],
  ["somebody else's session", () => forge({ claims: { sid: otherSession } }), 'logged-out'],
  ['too long', () => forge({ claims: { name: 'x'.repeat(5_000) } }), 'invalid-metadata'],
];

test.each(forgeries)('Get, Update and Logout refuse a token that is: %s', async (_, make, reason) => {
  expect(await reasons(await make())).toEqual([reason, reason, reason]);
});

test('refuses a suspended user at once and admits them afterwards', async () => {
  const token = await accounts.token('sam');
  await accounts.sql("UPDATE chat.users SET status = 'suspended' WHERE id = 'sam'");
  expect(await reasons(token)).toEqual(['suspended', 'suspended', 'suspended']);
  await accounts.sql("UPDATE chat.users SET status = 'active' WHERE id = 'sam'");
  expect(await reasonOf(accounts.get(token, { id: 'sam' }))).toBe('ok');
});

async function sitDown(userId: string): Promise<void> {
  const [channel] = await accounts.sql("INSERT INTO chat.channel (name, owner_id) VALUES ('c', $1) RETURNING id", [
    userId,
  ]);
  await accounts.sql(
    `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, session_id, exclusive, live, join_by)
     SELECT gen_random_uuid(), s.user_id, $2, gen_random_uuid(), 1, s.id, false, true, now() FROM chat.session s WHERE s.user_id = $1`,
    [userId, channel?.id],
  );
}

function seatsOf(userId: string) {
  return accounts.sql('SELECT session_id FROM chat.seat WHERE user_id = $1', [userId]);
}

test('Logout ends only this session and its seats', async () => {
  const one = await accounts.token('lea');
  const two = (await accounts.login('lea')).token;
  await sitDown('lea');
  expect(await seatsOf('lea')).toHaveLength(2);
  await accounts.logout(one);
  expect(await reasons(one)).toEqual(['logged-out', 'logged-out', 'logged-out']);
  expect(await reasonOf(accounts.get(two, { id: 'lea' }))).toBe('ok');
  expect(await seatsOf('lea')).toHaveLength(1);
});

test('Logout everywhere ends all sessions of this user only', async () => {
  const tokens = [await accounts.token('max'), (await accounts.login('max')).token];
  const other = await accounts.token('mia');
  await sitDown('max');
  await sitDown('mia');
  await accounts.logout(tokens[0] as string, { everywhere: true });
  for (const token of tokens) expect(await reasonOf(accounts.get(token, { id: 'max' }))).toBe('logged-out');
  expect(await seatsOf('max')).toEqual([]);
  expect(await seatsOf('mia')).toHaveLength(1);
  expect(await reasonOf(accounts.get(other, { id: 'mia' }))).toBe('ok');
});

test('purges only sessions that expired long ago', async () => {
  const token = await accounts.token('old');
  await accounts.sql(
    "INSERT INTO chat.session (user_id, device, expires_at) VALUES ('old', 'lapsed', now() - interval '2 days'), ('old', 'just', now())",
  );
  const devices = "SELECT device FROM chat.session WHERE user_id = 'old' ORDER BY device";
  let rows: Record<string, unknown>[] = [];
  await until(async () => {
    await (await Accounts.start({}, accounts.database)).stop(); // The first purge runs at the start.
    rows = await accounts.sql(devices);
    return !rows.some(({ device }) => device === 'lapsed');
  });
  expect(rows).toEqual([{ device: '' }, { device: 'just' }]);
  expect(await reasonOf(accounts.get(token, { id: 'old' }))).toBe('ok');
});
