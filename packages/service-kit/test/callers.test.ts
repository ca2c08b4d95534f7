import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { limits } from '@parley/runtime';
import { Callers, callsPerUser, forUser, streamForUser } from '../src/auth/callers.js';
import { readRates } from '../src/auth/read-throttle.js';
import { SigningKey } from '../src/auth/signing-key.js';
import { serviceToken, userAudience, userToken } from '../src/auth/tokens.js';
import { TrustedKeys } from '../src/auth/trusted-keys.js';
import { Call } from '../src/grpc/call.js';
import { CallEnd } from '../src/grpc/call-end.js';
import type { AuthenticatedHandler } from '../src/grpc/service.js';
import { openTokenDatabase, type TokenDatabase } from './database.js';

let db: TokenDatabase;
let atOnce: number;
let callers: Callers;
beforeAll(async () => {
  db = await openTokenDatabase();
  callers = new Callers(new TrustedKeys(db.pool, db.clock), db.pool);
  atOnce = callsPerUser(db.pool.options.max);
});
afterAll(() => db.close());

/** Returns a call. Abort `over` to simulate that the caller has received the response. */
function callWith(token?: string, over = new AbortController(), path = '/chat.v1.UserService/Get'): Call {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const transport = { getPeer: () => '127.0.0.1:1', sendMetadata: () => {} };
  const end = new CallEnd();
  over.signal.addEventListener('abort', () => end.end());
  return new Call(path, metadata, transport, end);
}

/** Creates a user with a session and a token. */
async function logIn(id: string): Promise<{ token: string; sid: string }> {
  const sid = randomUUID();
  await db.pool.query(`INSERT INTO chat.users (id, name, password_hash, role) VALUES ($1, 'N', '!', 'admin')`, [id]);
  await db.pool.query(`INSERT INTO chat.session (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day')`, [
    sid,
    id,
  ]);
  const key = new SigningKey(userToken, randomUUID(), db.pool, db.clock);
  return { token: await key.sign({ sub: id, num: 1, name: 'N', role: 'user', sid }, userAudience), sid };
}

test('reads the user and role from the database', async () => {
  const { token, sid } = await logIn('ann');
  const call = callWith(token);
  expect(await callers.user(call)).toEqual({
    id: 'ann',
    number: expect.any(Number),
    name: 'N',
    role: 'admin',
    sessionId: sid,
  });
  expect(call.facts).toEqual({ user: 'ann' });
});

test.each([
  ['revoked', 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', 'logged-out'],
  ['expired', "UPDATE chat.session SET expires_at = now() - interval '1 s' WHERE user_id = $1", 'logged-out'],
  ['gone', 'DELETE FROM chat.session WHERE user_id = $1', 'logged-out'],
  ['suspended', "UPDATE chat.users SET status = 'suspended' WHERE id = $1", 'suspended'],
  ['deleted', "UPDATE chat.users SET status = 'deleted' WHERE id = $1", 'logged-out'],
])('refuses a token from the moment its session or user is %s', async (id, change, reason) => {
  const { token } = await logIn(id);
  await db.pool.query(change, [id]);
  await expect(callers.user(callWith(token))).rejects.toMatchObject({ reason });
});

test('refuses a token with the session of another user', async () => {
  const { sid } = await logIn('bob');
  const key = new SigningKey(userToken, randomUUID(), db.pool, db.clock);
  const token = await key.sign({ sub: 'ann', num: 1, name: 'N', role: 'user', sid }, userAudience);
  await expect(callers.user(callWith(token))).rejects.toMatchObject({ reason: 'logged-out' });
});

test('accepts a service only with its own token for this audience', async () => {
  const [me, other] = [randomUUID(), randomUUID()];
  const key = new SigningKey(serviceToken('chat'), me, db.pool, db.clock);
  const call = callWith(await key.sign({ sub: me }, 'manager'));
  expect(await callers.service(call, 'chat', 'manager')).toBe(me);
  expect(call.facts).toEqual({ node: me });
  const wrong = [
    [await key.sign({ sub: other }, 'manager'), 'chat', 'manager'],
    [await key.sign({ sub: me }, other), 'chat', 'manager'],
    [await key.sign({ sub: me }, 'manager'), 'manager', 'manager'],
    [(await logIn('eve')).token, 'chat', 'manager'],
    ['garbage', 'chat', 'manager'],
  ] as const;
  for (const [token, purpose, audience] of wrong) {
    await expect(callers.service(callWith(token), purpose, audience)).rejects.toMatchObject({
      reason: 'not-a-service',
    });
  }
  await expect(callers.service(callWith(), 'chat', 'manager')).rejects.toMatchObject({ reason: 'unauthenticated' });
});

async function respond<A>({ authenticate }: AuthenticatedHandler<object, A>, call: Call): Promise<Awaited<A>> {
  return await (await authenticate(call))({});
}

test('limits the unread responses of one user without delaying other users', async () => {
  const [{ token }, other] = [await logIn('greedy'), await logIn('modest')];
  const answered: Call[] = [];
  const answer = forUser(callers, async (_request, _me, call) => answered.push(call));
  const overs = new Map<Call, AbortController>();
  const asked = Array.from({ length: atOnce + 1 }, () => {
    const over = new AbortController();
    const call = callWith(token, over);
    overs.set(call, over);
    return respond(answer, call);
  });
  while (answered.length < atOnce) await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(
    respond(
      forUser(callers, async () => 'served'),
      callWith(other.token),
    ),
  ).resolves.toBe('served');
  expect(answered).toHaveLength(atOnce);
  overs.get(answered[0] as Call)?.abort();
  await Promise.all(asked);
  expect(answered).toHaveLength(atOnce + 1);
});

test('never lets one user occupy the whole connection pool', () => {
  expect([1, 2, 5, 100].map(callsPerUser)).toEqual([1, 1, 4, limits.callsPerUser]);
});

test('refuses too many reads before querying the database', async () => {
  const { token } = await logIn('reader');
  const search = () => {
    const over = new AbortController();
    const call = callWith(token, over, '/chat.v1.ChannelService/Search');
    return callers.enter(call).finally(() => over.abort());
  };
  const burst = Array.from({ length: readRates['ChannelService/Search']?.burst ?? 0 }, search);
  await Promise.all(burst);
  let refused: unknown;
  while (refused === undefined)
    refused = await search().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(refused).toMatchObject({ reason: 'read-too-often', retryAfterMs: expect.any(Number) });
});

test('refuses the next read of a user whose responses were large', async () => {
  const { token } = await logIn('hungry');
  const enter = async () => {
    const over = new AbortController();
    const call = callWith(token, over, '/chat.v1.ChannelService/History');
    await callers.enter(call).finally(() => over.abort());
    return call;
  };
  (await enter()).onMessage(40_000 * 65_536);
  await expect(enter()).rejects.toMatchObject({ reason: 'read-too-often', retryAfterMs: expect.any(Number) });
});

test('frees the slot of a failed call and of an unread stream', async () => {
  const { token } = await logIn('unlucky');
  const fail = forUser(callers, () => Promise.reject(new Error('no')));
  const stream = streamForUser(callers, async function* () {
    yield 1;
    yield 2;
  });
  for (let n = 0; n <= atOnce; n++) {
    const over = new AbortController();
    await expect(respond(fail, callWith(token, over))).rejects.toThrow('no');
    for await (const one of await respond(stream, callWith(token, over))) if (one === 1) break;
    over.abort();
  }
});

test('many users who open streams at once leave database connections for other work', async () => {
  const max = 5;
  let [running, most] = [0, 0];
  const query = async (...args: unknown[]) => {
    running += 1;
    most = Math.max(most, running);
    const rows = await Reflect.apply(db.pool.query, db.pool, args);
    running -= 1;
    return rows;
  };
  const pool = new Proxy(db.pool, {
    get: (whole, name) => ({ options: { ...whole.options, max }, query })[String(name)] ?? Reflect.get(whole, name),
  });
  const many = new Callers(new TrustedKeys(db.pool, db.clock), pool);
  const tokens = await Promise.all(Array.from({ length: 30 }, (_, n) => logIn(`starts-${n}`)));
  const enter = ({ token }: { readonly token: string }) => many.enterStream(callWith(token));
  expect(await Promise.all(tokens.map(enter))).toHaveLength(30);
  expect(most).toBe(max - 2);
});
