import type { Refusal } from '@parley/runtime';
import { type OnLeave, type TurnBounds, TurnQueue } from './turn-queue.js';

const stays: OnLeave = () => {};
const settled = () => new Promise((resolve) => setImmediate(resolve));

function queueOf(bounds: Partial<TurnBounds> = {}): TurnQueue {
  return new TurnQueue({ atOnce: () => 2, mostWaiting: 1_000, longestMs: 60_000, ...bounds });
}

/** Enters `count` calls. Returns those that run, in order, each with the function that ends it, and the refusals. */
function enterAll(queue: TurnQueue, count: number, onLeave = stays) {
  const running: { readonly number: number; readonly end: () => void }[] = [];
  const refused: Refusal[] = [];
  for (let number = 0; number < count; number++)
    queue.enter(onLeave).then(
      (end) => running.push({ number, end }),
      (thrown) => refused.push(thrown),
    );
  return { running, refused };
}

test('as many calls run at once as may, and the others follow in order', async () => {
  const queue = queueOf();
  const { running } = enterAll(queue, 5);
  await settled();
  expect([running.map(({ number }) => number), queue.waiting]).toEqual([[0, 1], 3]);
  running[1]?.end();
  running[1]?.end();
  await settled();
  expect([running.map(({ number }) => number), queue.waiting]).toEqual([[0, 1, 2], 2]);
});

test('the number of calls at once may change at any time', async () => {
  let atOnce = 1;
  const { running } = enterAll(queueOf({ atOnce: () => atOnce }), 9);
  await settled();
  expect(running).toHaveLength(1);
  atOnce = 8;
  running[0]?.end();
  await settled();
  expect(running).toHaveLength(9);
});

test('a call whose caller leaves gives its place up', async () => {
  const leave: (() => void)[] = [];
  const queue = queueOf();
  const { running, refused } = enterAll(queue, 5, (listener) => leave.push(listener));
  for (const at of [0, 3]) leave[at]?.();
  await settled();
  expect([queue.waiting, refused.map(({ reason }) => reason)]).toEqual([2, ['cancelled']]);
  for (const at of [0, 1, 2]) {
    running[at]?.end();
    await settled();
  }
  expect(running.map(({ number }) => number)).toEqual([0, 1, 2, 4]);
});

test('a call that fails ends its turn', async () => {
  const queue = queueOf({ atOnce: () => 1 });
  await expect(queue.run(stays, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await queue.run(stays, async () => 7)).toBe(7);
});

test('a call beyond the number that may wait is refused, with a time to retry after that varies', async () => {
  const { refused } = enterAll(queueOf({ mostWaiting: 100 }), 152);
  await settled();
  expect(refused.map(({ reason }) => reason)).toEqual(Array(50).fill('too-busy'));
  const times = refused.map(({ retryAfterMs }) => retryAfterMs);
  expect(new Set(times).size).toBeGreaterThan(10);
  for (const time of times) expect(time).toBeGreaterThanOrEqual(750);
});

describe('with slow calls', () => {
  const { jest } = import.meta;
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  test('calls that have waited for too long are refused instead of run, and later ones are run', async () => {
    const queue = queueOf({ atOnce: () => 1, longestMs: 10_000 });
    const early = enterAll(queue, 4);
    jest.advanceTimersByTime(5_000);
    const late = enterAll(queue, 1);
    jest.advanceTimersByTime(5_001);
    await settled();
    early.running[0]?.end();
    await settled();
    expect([early.running.length, early.refused.map(({ reason }) => reason)]).toEqual([1, Array(3).fill('too-busy')]);
    expect([late.running.length, queue.waiting]).toEqual([1, 0]);
  });

  test('the time between the arrival of a call and its entry counts as waiting', async () => {
    const queue = queueOf({ atOnce: () => 1, longestMs: 10_000 });
    const end = await queue.enter(stays);
    const late = queue.enter(stays, performance.now() - 9_000);
    const refusal = expect(late).rejects.toMatchObject({ reason: 'too-busy' });
    jest.advanceTimersByTime(1_001);
    end();
    await refusal;
  });

  test('the time to retry after is about the time in which the waiting calls will be over', async () => {
    const queue = queueOf({ atOnce: () => 1, mostWaiting: 250 });
    const { running } = enterAll(queue, 250);
    for (let ended = 0; ended < 200; ended++) {
      await settled();
      jest.advanceTimersByTime(100);
      running[ended]?.end();
    }
    const { refused } = enterAll(queue, 300);
    await settled();
    for (const { retryAfterMs } of refused) {
      expect(retryAfterMs).toBeGreaterThan(0.7 * 250 * 100);
      expect(retryAfterMs).toBeLessThan(1.3 * 250 * 100);
    }
    expect(refused.length).toBeGreaterThan(50);
  });
});
