import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import {
  checkServer,
  createDatabase,
  createPool,
  DatabaseClock,
  isAway,
  isDuplicate,
  isLockTimeout,
  transaction,
} from '../src/index.js';
import { addUser, TestServer } from './server.js';

let server: TestServer;
let url: string;
let pool: pg.Pool;
beforeAll(async () => {
  server = await TestServer.start();
  url = await server.migratedDatabase();
  pool = server.pool(url);
});
afterAll(() => server.stop());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('int8 and numeric are numbers, times are Dates, infinity is the last one', async () => {
  const { rows } = await pool.query(
    "SELECT 9007199254740991::int8 AS big, 1.5::numeric AS n, 0.25::float4 AS f, ARRAY[1, NULL]::int8[] AS many, to_timestamp(1) AS at, 'infinity'::timestamptz AS never",
  );
  expect(rows).toEqual([
    { big: 9007199254740991, n: 1.5, f: 0.25, many: [1, null], at: new Date(1000), never: new Date(8.64e15) },
  ]);
});

test('kysely reads the tables by their qualified names', async () => {
  await addUser(pool, 'kim');
  const db = createDatabase(pool);
  const user = await db.selectFrom('chat.users').select(['id', 'number', 'created_at']).executeTakeFirstOrThrow();
  expect(user).toEqual({ id: 'kim', number: 1, created_at: expect.any(Date) });
});

test('the server is new enough, and an older one is refused in one sentence', async () => {
  await expect(checkServer(pool)).resolves.toBeUndefined();
  const old = { query: async () => ({ rows: [{ number: 140_012, name: '14.12' }] }) } as unknown as pg.Pool;
  await expect(checkServer(old)).rejects.toThrow('PostgreSQL 14.12 is too old. Use version 15 or later.');
});

test('a transaction commits as a whole or not at all', async () => {
  await transaction(pool, (client) => client.query("INSERT INTO chat.rate VALUES ('kept', now())"));
  const failing = transaction(pool, async (client) => {
    await client.query("INSERT INTO chat.rate VALUES ('lost', now())");
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect((await pool.query('SELECT key FROM chat.rate')).rows).toEqual([{ key: 'kept' }]);
});

test('a connection that dies inside a transaction ends neither the process nor the pool', async () => {
  const lost: Error[] = [];
  const own = createPool({ url, applicationName: 'test', max: 1, onLost: (error) => lost.push(error) });
  const failing = transaction(own, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await sleep(100);
    await client.query('SELECT 1');
  });
  expect(isAway(await failureOf(failing))).toBe(true);
  expect(lost).not.toHaveLength(0);
  expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await own.end();
});

test('an idle connection that dies is replaced', async () => {
  const own = createPool({ url, applicationName: 'test', max: 1 });
  const { rows } = await own.query('SELECT pg_backend_pid() AS pid');
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await sleep(100);
  expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await own.end();
});

test('a statement is ended after the timeout', async () => {
  const own = createPool({ url, applicationName: 'test', max: 1, statementTimeoutMs: 50 });
  await expect(own.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
  await own.end();
});

test('away: nobody listens, the pool is used up', async () => {
  const nowhere = createPool({ url: 'postgres://a:b@127.0.0.1:1/x', applicationName: 'test', max: 1 });
  expect(isAway(await failureOf(nowhere.query('SELECT 1')))).toBe(true);
  const small = createPool({ url, applicationName: 'test', max: 1 });
  const client = await small.connect();
  expect(isAway(await failureOf(small.query('SELECT 1')))).toBe(true);
  client.release();
  await small.end();
});

test('a duplicate is known by its constraint, and is not away', async () => {
  await addUser(pool, 'Twin');
  const error = await failureOf(addUser(pool, 'twin'));
  expect([isDuplicate(error), isDuplicate(error, 'users_id_folded'), isDuplicate(error, 'users_pkey')]).toEqual([
    true,
    true,
    false,
  ]);
  expect([isAway(error), isLockTimeout(error), isAway(undefined), isAway({ cause: { code: '57P01' } })]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test('a lock that is not had in time is known', async () => {
  await addUser(pool, 'locked');
  const update = "UPDATE chat.users SET about = 'x' WHERE id = 'locked'";
  const error = await transaction(pool, async (holder) => {
    await holder.query(update);
    return failureOf(
      transaction(pool, async (waiter) => {
        await waiter.query("SET LOCAL lock_timeout = '50ms'");
        await waiter.query(update);
      }),
    );
  });
  expect(isLockTimeout(error)).toBe(true);
});

test('the clock tells the time of the database', async () => {
  const clock = await DatabaseClock.start(pool);
  const { rows } = await pool.query('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms');
  expect(Math.abs(clock.now() - rows[0]?.ms)).toBeLessThan(100);
});

test('the clock never goes backwards, though the local one does', async () => {
  let local = 1_000_000;
  const clock = await DatabaseClock.start(pool, () => local);
  const before = clock.now();
  local -= 60_000;
  expect(clock.now()).toBe(before);
  await clock.measure(pool);
  const after = clock.now();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeLessThan(before + 10_000);
});
