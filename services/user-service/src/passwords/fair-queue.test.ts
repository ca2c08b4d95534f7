import { networkKey } from '@parley/service-kit';
import { HashQueue } from './fair-queue.js';

const { jest } = import.meta;
const maxWaitMs = 2_000;

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
afterEach(() => void jest.useRealTimers());

const settle = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Creates a queue whose jobs end on demand. `order` holds the callers served, and `refused` the
 * others.
 */
function rig(atMost: number) {
  const queue = new HashQueue({ atMost: () => atMost, maxWaitMs });
  const order: string[] = [];
  const refused: string[] = [];
  const open: (() => void)[] = [];
  const ask = async (key: string, isFamiliar = false) => {
    const work = () => {
      order.push(key);
      return new Promise<void>((resolve) => open.push(resolve));
    };
    await queue.run({ key, network: networkKey(key), isFamiliar }, work).catch(() => refused.push(key));
  };
  const finish = async (count: number) => {
    for (let n = 0; n < count; n++) {
      open.shift()?.();
      await settle();
    }
  };
  const step = async (ms: number) => {
    jest.advanceTimersByTime(ms);
    await settle();
  };
  return { ask: (key: string, isFamiliar = false) => void ask(key, isFamiliar), order, refused, finish, step };
}

const site = (n: number, network = 0) => `2001:db8:${n.toString(16)}:${network.toString(16)}::/64`;

test('addresses take turns', async () => {
  const { ask, order, finish } = rig(100);
  for (const key of ['a', 'a', 'a', 'b', 'b', 'c']) ask(key);
  await finish(6);
  expect(order).toEqual(['a', 'a', 'b', 'c', 'a', 'b']);
});

test('a newcomer waits until earlier callers are served', async () => {
  const { ask, order, finish } = rig(100);
  for (const key of ['a', 'b', 'a', 'b']) ask(key);
  ask('newcomer');
  await finish(5);
  expect(order).toEqual(['a', 'b', 'a', 'newcomer', 'b']);
});

test('endless newcomers do not overtake waiting callers', async () => {
  const { ask, order, refused, finish } = rig(20);
  ask('honest');
  await finish(1);
  for (let n = 0; n < 8; n++) ask(site(n));
  ask('honest');
  for (let n = 8; n < 50; n++) {
    ask(site(n));
    await finish(1);
  }
  expect(order.slice(1).indexOf('honest')).toBe(8);
  expect(refused).not.toContain('honest');
});

test('a familiar address gets every second turn, even during an attack from 50 new networks', async () => {
  const { ask, order, refused, finish, step } = rig(8);
  for (let n = 0; n < 50; n++) {
    for (let burst = 0; burst < 10; burst++) ask(site(n, burst), false);
    for (let more = 0; more < 6; more++) ask(site(100 + n * 10 + more));
    ask('honest', true);
    await step(250);
    const served = order.length;
    await finish(2);
    expect(order.slice(served - 1)).toContain('honest');
    await step(250);
  }
  expect(order.filter((key) => key === 'honest')).toHaveLength(50);
  expect(refused).not.toContain('honest');
});

test('familiar addresses leave every second turn to strangers', async () => {
  const { ask, order, finish } = rig(100);
  for (const key of ['a', 'b', 'c', 'd']) ask(key, true);
  for (const key of ['x', 'y']) ask(key);
  await finish(6);
  expect(order).toEqual(['a', 'x', 'b', 'y', 'c', 'd']);
});

test('the /64 networks of a /48 share its turn', async () => {
  const { ask, order, finish } = rig(100);
  for (let n = 0; n < 10; n++) ask(site(1, n));
  ask('honest');
  await finish(3);
  expect(order.indexOf('honest')).toBe(2);
});

test('a full queue refuses the newest job of the network with the most jobs', async () => {
  const { ask, order, refused, finish } = rig(4);
  for (let n = 0; n < 5; n++) ask(site(1, n));
  ask('honest');
  await settle();
  expect(refused).toEqual([site(1, 4)]);
  await finish(4);
  expect(order).toContain('honest');
});

test('a full queue refuses the newest job of the address with the most jobs', async () => {
  const { ask, refused } = rig(4);
  for (let n = 0; n < 4; n++) ask(site(1, 1));
  ask(site(1, 2));
  ask(site(1, 3));
  await settle();
  expect(refused).toEqual([site(1, 1)]);
});

test('a full queue of different networks refuses a stranger, but not a familiar address', async () => {
  const { ask, refused } = rig(4);
  for (let n = 0; n < 5; n++) ask(site(n));
  ask('stranger');
  ask('familiar', true);
  await settle();
  expect(refused).toHaveLength(2);
  expect(refused).toContain('stranger');
});

test('strangers keep half of the places', async () => {
  const { ask, refused } = rig(4);
  for (let n = 0; n < 5; n++) ask(`familiar-${n}`, true);
  for (const key of ['x', 'y', 'z']) ask(key);
  await settle();
  expect(refused.filter((key) => key.startsWith('familiar'))).toHaveLength(2);
  expect(refused).toContain('z');
});

test('refuses a job after the maximum wait, but not the running one', async () => {
  const { ask, order, refused, finish, step } = rig(100);
  ask('runs');
  ask('waits');
  await step(maxWaitMs - 1);
  ask('later');
  expect(refused).toEqual([]);
  await step(1);
  expect(refused).toEqual(['waits']);
  await finish(1);
  expect(order).toEqual(['runs', 'later']);
  await step(10 * maxWaitMs);
  expect(refused).toEqual(['waits']);
});

test('runs every job, and a failing job does not affect others', async () => {
  const queue = new HashQueue({ atMost: () => 100, maxWaitMs });
  const jobs = Array.from({ length: 50 }, (_, n) =>
    queue.run({ key: `caller-${n % 7}`, network: `network-${n % 3}`, isFamiliar: n % 2 === 0 }, async () => {
      if (n % 10 === 0) throw new Error('mine');
      return n;
    }),
  );
  const outcomes = await Promise.allSettled(jobs);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(45);
  expect(jest.getTimerCount()).toBe(0);
});
