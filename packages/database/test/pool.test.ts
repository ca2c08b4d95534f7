import type pg from 'pg';
import {
  checkServer,
  createPool,
  DatabaseClock,
  declarePromoted,
  isAway,
  isDuplicate,
  isLockTimeout,
  transaction,
} from '../src/index.js';
import { addChannel, addUser, TestServer, until } from './server.js';

let server: TestServer;
let url: string;
let pool: pg.Pool;
beforeAll(async () => {
  server = TestServer.shared();
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

test('parses int8 and numeric as numbers, times as Dates and infinity as the last Date', async () => {
  const { rows } = await pool.query(
    "SELECT 9007199254740991::int8 AS big, 1.5::numeric AS n, 0.25::float4 AS f, ARRAY[1, NULL]::int8[] AS many, to_timestamp(1) AS at, 'infinity'::timestamptz AS never",
  );
  expect(rows).toEqual([
    { big: 9007199254740991, n: 1.5, f: 0.25, many: [1, null], at: new Date(1000), never: new Date(8.64e15) },
  ]);
});

test('accepts a recent server and refuses an old one in one sentence', async () => {
  await expect(checkServer(pool)).resolves.toBeUndefined();
  const old = { query: async () => ({ rows: [{ number: 140_012, name: '14.12' }] }) } as unknown as pg.Pool;
  await expect(checkServer(old)).rejects.toThrow('PostgreSQL 14.12 is too old. Use version 15 or later.');
});

test('commits a transaction as a whole or not at all', async () => {
  await transaction(pool, (client) => client.query("INSERT INTO chat.rate VALUES ('kept', now())"));
  const failing = transaction(pool, async (client) => {
    await client.query("INSERT INTO chat.rate VALUES ('lost', now())");
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect((await pool.query('SELECT key FROM chat.rate')).rows).toEqual([{ key: 'kept' }]);
});

test('survives the death of a connection in a transaction', async () => {
  const lost: Error[] = [];
  const own = createPool({ url, applicationName: 'test', max: 1, onLost: (error) => lost.push(error) });
  const failing = transaction(own, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await until(() => lost.length > 0);
    await client.query('SELECT 1');
  });
  expect(isAway(await failureOf(failing))).toBe(true);
  expect(lost).not.toHaveLength(0);
  expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await own.end();
});

test('replaces an idle connection that dies', async () => {
  const lost: Error[] = [];
  const own = createPool({ url, applicationName: 'test', max: 1, onLost: (error) => lost.push(error) });
  const { rows } = await own.query('SELECT pg_backend_pid() AS pid');
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await until(() => lost.length > 0);
  expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await own.end();
});

test('a transaction that stands still for too long ends as if the database were away', async () => {
  const own = createPool({
    url,
    applicationName: 'test',
    max: 1,
    session: { idle_in_transaction_session_timeout: '20ms' },
  });
  const still = new Int32Array(new SharedArrayBuffer(4));
  const standStill = (ms: number) =>
    transaction(own, async (client) => {
      Atomics.wait(still, 0, 0, ms); // Blocks the event loop, so that the process sends before it reads.
      await client.query('SELECT 1');
    });
  let failure: unknown;
  for (let ms = 50; failure === undefined; ms *= 2) failure = await failureOf(standStill(ms));
  expect(isAway(failure)).toBe(true);
  await own.end();
});

test('cancels a statement after the timeout', async () => {
  const own = createPool({ url, applicationName: 'test', max: 1, statementTimeoutMs: 50 });
  await expect(own.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
  await own.end();
});

test('recognises a refused connection and an exhausted pool as unreachable', async () => {
  const nowhere = createPool({ url: 'postgres://a:b@127.0.0.1:1/x', applicationName: 'test', max: 1 });
  expect(isAway(await failureOf(nowhere.query('SELECT 1')))).toBe(true);
  const small = createPool({ url, applicationName: 'test', max: 1 });
  const client = await small.connect();
  expect(isAway(await failureOf(small.query('SELECT 1')))).toBe(true);
  client.release();
  await small.end();
});

test('isDuplicate() recognises a violated constraint by its name', async () => {
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

test('isLockTimeout() recognises a lock timeout', async () => {
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
  expect(Math.abs(clock.now() - rows[0]?.ms)).toBeLessThan(2_000);
});

test('the clock never goes back, even if the local clock does', async () => {
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

test('new connections use the URL as it is then, and open ones go on', async () => {
  const current = new URL(url);
  await pool.query("CREATE ROLE rotated LOGIN PASSWORD 'first'");
  [current.username, current.password] = ['rotated', 'first'];
  const own = createPool({ url: () => current.href, applicationName: 'test', max: 2, connectWithinMs: 60_000 });
  const before = await own.connect();
  await pool.query("ALTER ROLE rotated PASSWORD 'second'");
  expect(await failureOf(own.connect())).toMatchObject({ code: '28P01' });
  current.password = 'second';
  const after = await own.connect();
  for (const client of [before, after])
    expect((await client.query('SELECT current_user AS name')).rows).toEqual([{ name: 'rotated' }]);
  before.release();
  after.release();
  await own.end();
  await pool.query('DROP ROLE rotated');
});

/** Opens a pool that checks the timeline, as those of services do. */
function servicePool(): pg.Pool {
  return createPool({ url, applicationName: 'test', max: 5, connectWithinMs: 60_000, checksTimeline: true });
}

/** Opens many connections at once. Returns the number of new logs, and the log of a channel. */
async function logsAfterConnecting(channelId: number): Promise<[begun: number, log: string]> {
  const own = servicePool();
  await Promise.all(Array.from({ length: 5 }, () => own.query('SELECT pg_sleep(0.05)')));
  const { rows } = await own.query(
    'SELECT logs_begun, log_id FROM chat.timeline, chat.channel_head WHERE channel_id = $1',
    [channelId],
  );
  await own.end();
  return [rows[0]?.logs_begun, rows[0]?.log_id];
}

const otherTimeline = 'UPDATE chat.timeline SET timeline = timeline + 7';

test('the first connection on another timeline gives all channels new logs, once', async () => {
  await addUser(pool, 'follower');
  const channelId = await addChannel(pool, 'follower');
  const [begun, log] = await logsAfterConnecting(channelId);
  expect(begun).toBe(0);
  expect(await logsAfterConnecting(channelId)).toEqual([0, log]);
  await pool.query(otherTimeline);
  const [again, other] = await logsAfterConnecting(channelId);
  expect([again, other]).toEqual([1, expect.not.stringContaining(log)]);
  expect(await logsAfterConnecting(channelId)).toEqual([1, other]);
  await pool.query('UPDATE chat.timeline SET cluster = cluster + 1');
  expect((await logsAfterConnecting(channelId))[0]).toBe(2);
});

test('after a declared promotion, channels keep their logs', async () => {
  await addUser(pool, 'keeper');
  const channelId = await addChannel(pool, 'keeper');
  const before = await logsAfterConnecting(channelId);
  await pool.query(otherTimeline);
  expect([await declarePromoted(pool), await declarePromoted(pool)]).toEqual(['noted', 'followed']);
  expect(await logsAfterConnecting(channelId)).toEqual(before);
});

// The last test, because it replaces the function that tells the timeline.
test('no pool of a process uses a PostgreSQL that a standby has replaced, if another pool has used the standby', async () => {
  const pretend = (timeline: number) =>
    pool.query(
      `CREATE OR REPLACE FUNCTION chat.current_timeline(OUT cluster BIGINT, OUT timeline INTEGER, OUT is_followed BOOLEAN)
       LANGUAGE sql AS 'SELECT 1::bigint, ${timeline}, true'`,
    );
  const [one, other] = [servicePool(), servicePool()];
  await pretend(2);
  await one.query('SELECT');
  await pretend(1);
  const failure = await failureOf(other.query('SELECT'));
  expect(isAway(failure)).toBe(true);
  expect(String(failure)).toContain('was replaced by a standby');
  await Promise.all([one.end(), other.end()]);
});
