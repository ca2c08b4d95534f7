import { createPool, isAway, type Pool } from '@parley/database';
import { insist, until } from '@parley/testkit';
import { drills } from '../src/catalog.js';
import { runDrill } from '../src/drill.js';
import { asynchronousFailover, recovery, wrongFailover } from '../src/failover.js';
import type { LocalSystem } from '../src/local-system.js';
import { LossyLoad } from '../src/lossy-load.js';
import { ReplicatedParley } from '../src/replicated-parley.js';
import { unbounded } from './judging.js';

const shape = { channels: 2, people: 4, rate: 40, seconds: 5, report: () => {} };
let parley: ReplicatedParley;

beforeAll(async () => {
  parley = await ReplicatedParley.start();
});
afterAll(() => parley.stop());

const lagging = (...disturbances: (typeof recovery)[]) =>
  unbounded({ description: '', disturbances, load: (rate) => new LossyLoad(rate) });

test('a failover to a synchronous standby loses, repeats and resets nothing', async () => {
  const { wrong, counts, histories } = await runDrill(await parley.open(), unbounded(drills.failover), shape);
  expect(wrong).toEqual([]);
  expect(counts.acked).toBeGreaterThan(50);
  const received = histories.flatMap(({ readers }) => readers.flatMap((one) => one.received));
  expect(received.filter(({ is }) => is !== 'entry')).toEqual([]);
});

test('a lagging standby and a point-in-time recovery lose only the latest messages, and readers learn which', async () => {
  const entry = lagging(asynchronousFailover, recovery);
  const { wrong, counts, histories } = await runDrill(await parley.open(), entry, shape);
  expect(wrong).toEqual([]);
  expect(counts['seqs given twice']).toBeGreaterThan(0);
  const first = histories.flatMap(({ readers }) => readers.map(({ received }) => received[0]?.is));
  expect(first).toEqual(Array.from({ length: 8 }, () => 'reset'));
});

test('detects seqs that are given twice in one log', async () => {
  const { wrong } = await runDrill(await parley.open(), lagging(wrongFailover), shape);
  expect(wrong.join('\n')).toContain('another order: ');
});

/** Waits until a connection fails because the database is the wrong one. */
async function refuses(pool: Pool, words: string): Promise<void> {
  await until(async () => {
    const thrown = await pool.query('SELECT 1').catch((thrown: Error) => thrown);
    return isAway(thrown) && String(thrown).includes(words);
  });
}

test('a process refuses a standby, and an old primary that comes back', async () => {
  const system: LocalSystem = await parley.open();
  const pair = system.pair;
  if (pair === undefined) throw new Error('The system has no standby.');
  await pair.addStandby('synchronous');
  const poolAt = (url: string) =>
    createPool({ url, applicationName: 'test', max: 1, connectWithinMs: 30_000, checksTimeline: true });
  const [atStandby, atAddress] = [poolAt(pair.standby.url), poolAt(pair.url)];
  await refuses(atStandby, 'is a standby');
  await atAddress.query('SELECT 1');
  const old = await pair.failOver();
  pair.moveAddress();
  for (const pool of [atAddress, atStandby]) await insist(() => pool.query('SELECT 1'));
  await old.start();
  pair.moveAddress(old);
  await refuses(atAddress, 'was replaced');
  await Promise.all([atStandby.end(), atAddress.end(), old.end('SIGKILL')]);
  pair.moveAddress();
  await system.clear();
});
