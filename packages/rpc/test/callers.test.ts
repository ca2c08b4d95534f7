import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { limits } from '@parley/runtime';
import {
  Call,
  Callers,
  forUser,
  SigningKey,
  serviceToken,
  streamForUser,
  TrustedKeys,
  userAudience,
  userToken,
} from '../src/index.js';
import { openTokenDatabase, type TokenDatabase } from './database.js';

let db: TokenDatabase;
let callers: Callers;
beforeAll(async () => {
  db = await openTokenDatabase();
  callers = new Callers(new TrustedKeys(db.pool, db.clock), db.pool);
});
afterAll(() => db.close());

function callWith(token?: string): Call {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const transport = { getPeer: () => '127.0.0.1:1', sendMetadata: () => {} };
  return new Call('/chat.v1.UserService/Get', metadata, transport, new AbortController().signal);
}

/** A new user with a session, and the token for it. */
async function logIn(id: string): Promise<{ token: string; sid: string }> {
  const sid = randomUUID();
  await db.pool.query(`INSERT INTO chat.users (id, name, password_hash, role) VALUES ($1, 'N', '!', 'admin')`, [id]);
  await db.pool.query(`INSERT INTO chat.session (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day')`, [
    sid,
    id,
  ]);
  const key = new SigningKey(userToken, 'boot', db.pool, db.clock);
  return { token: await key.sign({ sub: id, num: 1, name: 'N', role: 'user', sid }, userAudience), sid };
}

test('a user is who the row says, its role too', async () => {
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
])('a token is refused at once when its session or user is %s', async (id, change, reason) => {
  const { token } = await logIn(id);
  await db.pool.query(change, [id]);
  await expect(callers.user(callWith(token))).rejects.toMatchObject({ reason });
});

test('the session of somebody else is none', async () => {
  const { sid } = await logIn('bob');
  const key = new SigningKey(userToken, 'boot', db.pool, db.clock);
  const token = await key.sign({ sub: 'ann', num: 1, name: 'N', role: 'user', sid }, userAudience);
  await expect(callers.user(callWith(token))).rejects.toMatchObject({ reason: 'logged-out' });
});

test('a service is let in with its own token for this audience only', async () => {
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

test('one user has a bounded number of calls answered at once, and nobody else waits for them', async () => {
  const [{ token }, other] = [await logIn('greedy'), await logIn('modest')];
  const finish: (() => void)[] = [];
  const answer = forUser(callers, () => new Promise<void>((resolve) => finish.push(resolve)));
  const asked = Array.from({ length: limits.callsPerUser + 1 }, () => answer({}, callWith(token)));
  while (finish.length < limits.callsPerUser) await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(forUser(callers, async () => 'served')({}, callWith(other.token))).resolves.toBe('served');
  expect(finish).toHaveLength(limits.callsPerUser);
  finish[0]?.();
  while (finish.length <= limits.callsPerUser) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const go of finish) go();
  await Promise.all(asked);
});

test('a call that fails, or a stream that nobody reads to its end, is no longer in flight', async () => {
  const { token } = await logIn('unlucky');
  const fail = forUser(callers, () => Promise.reject(new Error('no')));
  const { stream } = streamForUser(callers, async function* () {
    yield 1;
    yield 2;
  });
  for (let n = 0; n <= limits.callsPerUser; n++) {
    await expect(fail({}, callWith(token))).rejects.toThrow('no');
    for await (const one of stream({}, callWith(token))) if (one === 1) break;
  }
});
