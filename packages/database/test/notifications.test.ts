import type pg from 'pg';
import { Bell, createPool, NotificationListener, postgresNotifier } from '../src/index.js';
import { TestServer, until } from './server.js';

let server: TestServer;
let url: string;
let pool: pg.Pool;

beforeAll(async () => {
  server = TestServer.shared();
  url = await server.migratedDatabase();
  pool = server.pool(url);
});
afterAll(() => server.stop());

/** Starts a listener that records its wake-ups and lost connections. */
function listen(channel: string, options: { readonly url?: string } = {}) {
  const causes: string[] = [];
  const lost: unknown[] = [];
  const applicationName = `listens to ${channel}`;
  const onListening = () => causes.push('listening');
  const onNotified = (_: string, payload: string) => causes.push(payload === '' ? 'notified' : payload);
  const onLost = (cause: unknown) => lost.push(cause);
  const given = { url, applicationName, channels: [channel], onListening, onNotified, onLost };
  const listener = new NotificationListener({ ...given, ...options });
  return { listener, causes, lost, applicationName };
}

const ring = (channel: string, failed: (cause: unknown) => void = () => {}) =>
  new Bell(postgresNotifier(pool), channel, failed);

test('a listener wakes after LISTEN and after each notification of its channel', async () => {
  const { listener, causes } = listen('one');
  await until(() => causes.length === 1);
  ring('other').ring();
  ring('one').ring();
  await until(() => causes.length === 2);
  expect(causes).toEqual(['listening', 'notified']);
  await listener.stop();
});

test('a listener whose connection is lost listens again, and wakes because it may have missed something', async () => {
  const { listener, causes, lost, applicationName } = listen('two');
  await until(() => causes.length === 1);
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
    applicationName,
  ]);
  await until(() => causes.length === 2);
  ring('two').ring();
  await until(() => causes.length === 3);
  expect(causes).toEqual(['listening', 'listening', 'notified']);
  expect(lost).not.toHaveLength(0);
  await listener.stop();
});

test('a listener that cannot reach the database reports that, and can be stopped', async () => {
  const { listener, causes, lost } = listen('three', { url: 'postgres://nobody:x@127.0.0.1:1/none' });
  await until(() => lost.length > 0);
  expect(causes).toEqual([]);
  await listener.stop();
});

test('calls of ring() that are close together become one notification, and a failed one is reported', async () => {
  const { listener, causes } = listen('four');
  await until(() => causes.length === 1);
  const bell = ring('four');
  for (let n = 0; n < 100; n++) bell.ring();
  const last = ring('four');
  await until(() => causes.length >= 2);
  last.ring();
  await until(() => causes.length >= 3);
  expect(causes.length).toBeLessThanOrEqual(4);
  const failures: unknown[] = [];
  ring('x'.repeat(64), (cause) => failures.push(cause)).ring();
  await until(() => failures.length === 1);
  await listener.stop();
});

test('a notification carries each line once, and too many lines become several notifications', async () => {
  const { listener, causes } = listen('five');
  await until(() => causes.length === 1);
  const bell = ring('five');
  const lines = Array.from({ length: 1_000 }, (_, n) => `${n} ${'u'.repeat(20)}`);
  for (const line of ['first', ...lines, ...lines]) bell.ring(line);
  const received = () => causes.slice(1).flatMap((payload) => payload.split('\n'));
  await until(() => received().length > lines.length);
  expect(received()).toEqual(['first', ...lines]);
  await listener.stop();
});

test('lines whose notification was not sent are sent again', async () => {
  const sent: string[] = [];
  const failures: unknown[] = [];
  const send = async (_: string, payload: string) => {
    if (failures.length < 1) throw new Error('away');
    sent.push(payload);
  };
  const bell = new Bell({ send, isStopped: false }, 'six', (cause) => failures.push(cause));
  bell.ring('first');
  await until(() => failures.length === 1);
  bell.ring('second');
  await until(() => sent.length > 0);
  expect(sent.flatMap((payload) => payload.split('\n')).toSorted()).toEqual(['first', 'second']);
});

test('a bell stops with its notifier', async () => {
  const ended = createPool({ url, applicationName: 'a bell', max: 1 });
  const notifier = postgresNotifier(ended);
  expect(notifier.isStopped).toBe(false);
  await ended.end();
  expect(notifier.isStopped).toBe(true);
  let tries = 0;
  const send = async () => {
    tries += 1;
    throw new Error('ended');
  };
  new Bell({ send, isStopped: true }, 'seven', () => {}).ring('late');
  await new Promise(setImmediate);
  expect(tries).toBe(0);
});
