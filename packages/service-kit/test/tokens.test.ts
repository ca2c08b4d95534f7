import { createHmac, randomUUID } from 'node:crypto';
import type { DatabaseClock } from '@parley/database';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { SigningKey } from '../src/auth/signing-key.js';
import { issuerOf, joinToken, serviceToken, type TokenPurpose, userAudience, userToken } from '../src/auth/tokens.js';
import { TrustedKeys } from '../src/auth/trusted-keys.js';
import { countingPool, openTokenDatabase, type TokenDatabase } from './database.js';

let db: TokenDatabase;
let keys: TrustedKeys;
beforeAll(async () => {
  db = await openTokenDatabase();
  keys = new TrustedKeys(db.pool, db.clock);
});
afterAll(() => db.close());

const claims = { sub: 'ann', num: 1, name: 'Ann', role: 'user', sid: randomUUID() };
const seconds = () => Math.floor(db.clock.now() / 1_000);

interface ForeignKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly x: string;
}

async function publish(purpose: TokenPurpose, lifeSeconds = 3_600): Promise<ForeignKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const kid = randomUUID();
  const jwk = await exportJWK(publicKey);
  await db.pool.query(
    `INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, created_at, expires_at)
     VALUES ($1, $2, $1, $3, now() - interval '1 hour', now() + make_interval(secs => $4))`,
    [kid, purpose, jwk, lifeSeconds],
  );
  return { kid, privateKey: privateKey, x: String(jwk.x) };
}

interface Forged {
  readonly header?: object;
  readonly payload?: object;
}

const good = (): JWTPayload => ({
  ...claims,
  iss: issuerOf('user'),
  aud: userAudience,
  iat: seconds(),
  exp: seconds() + 60,
});

function sign({ kid, privateKey }: ForeignKey, { header = {}, payload = {} }: Forged = {}): Promise<string> {
  return new SignJWT({ ...good(), ...payload })
    .setProtectedHeader({ alg: 'EdDSA', typ: userToken.typ, kid, ...header })
    .sign(privateKey);
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const reasonFor = (token: string, verifier = keys): Promise<string> =>
  verifier.verify(token, userToken, userAudience).then(
    () => 'verified',
    (refusal: { reason: string }) => refusal.reason,
  );

describe('a user token', () => {
  let key: ForeignKey;
  beforeAll(async () => {
    key = await publish('user');
  });

  test('a user token of Login is valid', async () => {
    const signer = new SigningKey(userToken, 'boot', db.pool, db.clock);
    const verified = await keys.verify(await signer.sign(claims, userAudience), userToken, userAudience);
    expect(verified).toEqual({ claims, signer: 'boot' });
    expect(await reasonFor(await sign(key))).toBe('verified');
  });

  test.each<[string, Forged]>([
    ['another typ', { header: { typ: 'join+jwt' } }],
    ['no typ', { header: { typ: undefined } }],
    ['another issuer', { payload: { iss: issuerOf('manager') } }],
    ['another audience', { payload: { aud: 'manager' } }],
    ['no audience', { payload: { aud: undefined } }],
    ['no exp', { payload: { exp: undefined } }],
    ['no iat', { payload: { iat: undefined } }],
    ['no sub', { payload: { sub: undefined } }],
    ['a sid that is not a uuid', { payload: { sid: '1' } }],
    ['a number below 1', { payload: { num: 0 } }],
    ['an unknown kid', { header: { kid: randomUUID() } }],
    ['a kid that is a list', { header: { kid: ['k'] as unknown as string } }],
    ['a longer life than its kind has', { payload: { exp: 4_000_000_000 } }],
    ['a kid of 1 KiB', { header: { kid: 'k'.repeat(1_024) } }],
    ['no kid', { header: { kid: undefined } }],
    ['more than 4 KiB', { payload: { name: 'n'.repeat(5_000) } }],
  ])('a user token with %s is invalid', async (_, forged) => {
    expect(await reasonFor(await sign(key, forged))).toBe('invalid-token');
  });

  test('a user token that was issued before the clock was set back stays valid', async () => {
    const iat = seconds() + 3_600;
    expect(await reasonFor(await sign(key, { payload: { iat, exp: iat + 60 } }))).toBe('verified');
  });

  test('an expired user token is refused as expired', async () => {
    expect(await reasonFor(await sign(key, { payload: { exp: seconds() - 1 } }))).toBe('expired-token');
  });

  test('rejects a token that is unsigned, signed with another key, signed by HMAC with the public key, altered, or malformed', async () => {
    const body = base64(good());
    const none = `${base64({ alg: 'none', typ: userToken.typ, kid: key.kid })}.${body}.`;
    const head = `${base64({ alg: 'HS256', typ: userToken.typ, kid: key.kid })}.${body}`;
    const hmac = `${head}.${createHmac('sha256', Buffer.from(key.x, 'base64url')).update(head).digest('base64url')}`;
    const stranger = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const other = await sign({ ...key, privateKey: stranger.privateKey });
    const [start, , end] = (await sign(key)).split('.');
    for (const token of [
      none,
      hmac,
      other,
      `${start}.${base64({ ...good(), sub: 'bob' })}.${end}`,
      '',
      'a.b.c',
      '...',
    ]) {
      expect(await reasonFor(token)).toBe('invalid-token');
    }
  });

  test('a token with a non-canonical spelling is invalid', async () => {
    const token = await sign(key);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') + 1];
    const [signature, same] = [token, other].map((one) => Buffer.from(one.split('.')[2] ?? '', 'base64url'));
    expect(same).toEqual(signature);
    expect(await reasonFor(other)).toBe('invalid-token');
  });

  test('a token that is signed by a key of another purpose is invalid', async () => {
    const purposes = ['join', 'manager', 'chat', 'gateway'] as const;
    const others = await Promise.all(purposes.map((purpose) => publish(purpose)));
    for (const other of others) expect(await reasonFor(await sign(other))).toBe('invalid-token');
  });

  test('a token that is signed by an expired key is invalid, even if the key is cached, until the key is published again', async () => {
    expect(await reasonFor(await sign(await publish('user', -1)))).toBe('invalid-token');
    const short = await publish('user', 3_600);
    const token = await sign(short, { payload: { exp: seconds() + 7_200 } });
    let aheadMs = 0;
    const verifier = new TrustedKeys(db.pool, { now: () => db.clock.now() + aheadMs } as DatabaseClock);
    expect(await reasonFor(token, verifier)).toBe('verified');
    aheadMs = 3_601_000;
    expect(await reasonFor(token, verifier)).toBe('invalid-token');
    // A process publishes its key again if a step of the clock has expired the key.
    await db.pool.query("UPDATE chat.signing_key SET expires_at = now() + interval '2 h' WHERE kid = $1", [short.kid]);
    expect(await reasonFor(token, verifier)).toBe('verified');
  });
});

test('one row with an invalid key does not affect the other keys', async () => {
  await db.pool.query(
    `INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at)
     VALUES ('broken', 'chat', 'thief', '{"kty":"nonsense"}', now() + interval '1 hour')`,
  );
  expect(await reasonFor(await sign(await publish('user')))).toBe('verified');
});

test('queries the database once per second during a flood of unknown key ids, without delaying valid tokens', async () => {
  const key = await publish('user');
  const counting = countingPool(db.pool);
  const verifier = new TrustedKeys(counting.pool, db.clock);
  const known = await sign(key);
  const began = performance.now();
  await verifier.verify(known, userToken, userAudience);
  const junk = await Promise.all(Array.from({ length: 50 }, () => sign({ ...key, kid: randomUUID() })));
  const release = counting.hold();
  const flood = junk.map((token) => verifier.verify(token, userToken, userAudience).catch(() => 'refused'));
  await verifier.verify(known, userToken, userAudience); // It does not wait for the database.
  release();
  const fresh = await sign(await publish('user'));
  await verifier.verify(fresh, userToken, userAudience);
  expect(new Set(await Promise.all(flood))).toEqual(new Set(['refused']));
  expect(counting.reads()).toBeGreaterThan(1);
  expect(counting.reads()).toBeLessThanOrEqual(2 + Math.floor((performance.now() - began) / 1_000));
});

test('reads the trusted keys again after a failed read', async () => {
  const counting = countingPool(db.pool);
  const verifier = new TrustedKeys(counting.pool, db.clock);
  const token = await sign(await publish('user'));
  counting.fail(true);
  await expect(verifier.verify(token, userToken, userAudience)).rejects.toThrow('Connection terminated');
  counting.fail(false);
  await verifier.verify(token, userToken, userAudience);
});

describe('a signing key', () => {
  const kidOf = (token: string) => JSON.parse(Buffer.from(String(token.split('.')[0]), 'base64url').toString()).kid;

  test('concurrent callers share one new signing key', async () => {
    const counting = countingPool(db.pool);
    const signer = new SigningKey(userToken, randomUUID(), counting.pool, db.clock);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => signer.sign(claims, userAudience)));
    expect([new Set(tokens.map(kidOf)).size, counting.reads()]).toEqual([1, 1]);
  });

  test('a signing key is published after an earlier attempt failed', async () => {
    const counting = countingPool(db.pool);
    const signer = new SigningKey(userToken, randomUUID(), counting.pool, db.clock);
    counting.fail(true);
    await expect(signer.start()).rejects.toThrow('Connection terminated');
    counting.fail(false);
    await signer.start();
  });

  /** Changes the row of a key as if that time had passed. */
  const age = (token: string, hours: number) =>
    db.pool.query(
      "UPDATE chat.signing_key SET created_at = created_at - $2 * interval '1 h', expires_at = expires_at - $2 * interval '1 h' WHERE kid = $1",
      [kidOf(token), hours],
    );
  const verifies = async (token: string) => {
    const { claims: found } = await new TrustedKeys(db.pool, db.clock).verify(token, userToken, userAudience);
    expect(found).toEqual(claims);
  };

  test('a signing key changes after a day, once the next one is known, and its tokens stay valid', async () => {
    const counting = countingPool(db.pool);
    const signer = new SigningKey(userToken, randomUUID(), counting.pool, db.clock);
    const first = await signer.sign(claims, userAudience);
    await signer.tend();
    expect(kidOf(await signer.sign(claims, userAudience))).toBe(kidOf(first));
    await age(first, 24);
    counting.fail(true);
    await expect(signer.tend()).rejects.toThrow('Connection terminated');
    counting.fail(false);
    const began = performance.now();
    await signer.tend();
    const known = 'SELECT FROM chat.signing_key WHERE kid = $1';
    let second = first;
    while (kidOf(second) === kidOf(first)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      second = await signer.sign(claims, userAudience);
    }
    expect(performance.now() - began).toBeGreaterThan(1_990);
    expect((await db.pool.query(known, [kidOf(second)])).rowCount).toBe(1);
    for (const token of [first, second]) await verifies(token);
  });

  test('a signing key that a step of the clock has expired is replaced at once', async () => {
    const signer = new SigningKey(userToken, randomUUID(), db.pool, db.clock);
    const first = await signer.sign(claims, userAudience);
    await age(first, 24 * 30);
    await signer.tend();
    const second = await signer.sign(claims, userAudience);
    expect(kidOf(second)).not.toBe(kidOf(first));
    await verifies(second);
  });

  test('a signing key is published again if its row is missing, as after a restore', async () => {
    const signer = new SigningKey(userToken, randomUUID(), db.pool, db.clock);
    const before = await signer.sign(claims, userAudience);
    await db.pool.query('DELETE FROM chat.signing_key');
    await expect(verifies(before)).rejects.toMatchObject({ reason: 'invalid-token' });
    await signer.tend();
    await verifies(before);
    expect(kidOf(await signer.sign(claims, userAudience))).toBe(kidOf(before));
  });

  test('a signing key for service tokens expires within three hours', async () => {
    const instanceId = randomUUID();
    for (const purpose of ['manager', 'chat'] as const) {
      await new SigningKey(serviceToken(purpose), instanceId, db.pool, db.clock).start();
    }
    const { rows } = await db.pool.query(
      "SELECT DISTINCT expires_at - now() < interval '3 h' AS hours FROM chat.signing_key WHERE owner = $1",
      [instanceId],
    );
    expect(rows).toEqual([{ hours: true }]);
  });

  test('a signing key cannot be published under the id of another process', async () => {
    const instanceId = randomUUID();
    const mine = new SigningKey(serviceToken('chat'), instanceId, db.pool, db.clock);
    await mine.start();
    const thief = new SigningKey(serviceToken('chat'), instanceId, db.pool, db.clock);
    await expect(thief.start()).rejects.toMatchObject({ code: '42501' });
    await mine.start();
  });
});

test('rejects a service token issued in the future', async () => {
  const { kid, privateKey } = await publish('chat');
  const [sub, iat] = [randomUUID(), seconds() + 60];
  const token = await new SignJWT({ sub, iss: issuerOf('chat'), aud: 'manager', iat, exp: iat + 60 })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'service+jwt', kid })
    .sign(privateKey);
  const verified = keys.verify(token, serviceToken('chat'), 'manager');
  await expect(verified).rejects.toMatchObject({ reason: 'invalid-token' });
});

test('verifies tokens that another process has signed, and a join token only for the chat server it names', async () => {
  const [instanceId, sid] = [randomUUID(), randomUUID()];
  const join = { sub: 'ann', num: 1, sid, ch: 1, jti: randomUUID(), route: 'MTI3', timestamp: db.clock.now() };
  const managers = ['a', 'b'].map((owner) => new SigningKey(joinToken, owner, db.pool, db.clock));
  const verifier = new TrustedKeys(db.pool, db.clock);
  for (const manager of managers) {
    const token = await manager.sign(join, instanceId);
    expect((await verifier.verify(token, joinToken, instanceId)).claims).toEqual(join);
    await expect(verifier.verify(token, joinToken, randomUUID())).rejects.toMatchObject({ reason: 'moved' });
    await expect(verifier.verify(token, serviceToken('manager'), instanceId)).rejects.toMatchObject({
      reason: 'invalid-token',
    });
  }
});
