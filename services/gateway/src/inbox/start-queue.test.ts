import { type Reason, refuse } from '@parley/runtime';
import type { InboxReader } from './reader.js';
import { StartQueue } from './start-queue.js';

const { jest } = import.meta;
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A queue in which `count` readers wait, and the reasons of those that were refused. */
function queueOf(count: number) {
  const queue = new StartQueue();
  const ends: [string, Reason][] = [];
  const add = (userId: string) => {
    const ending = {
      hasEnded: false,
      end: ({ reason }: { reason: Reason }) => {
        ending.hasEnded = true;
        ends.push([userId, reason]);
        queue.forget(reader);
      },
    };
    const reader = ending as unknown as InboxReader;
    queue.add({ userId, position: undefined, seen: new Map(), reader });
  };
  for (let n = 0; n < count; n++) add(`user-${n}`);
  /** Reads a round, which fails or serves all readers for which it has room. Returns its readers. */
  const round = (failure?: Reason, room = Number.POSITIVE_INFINITY) => {
    const readers = queue.take();
    if (failure !== undefined) queue.fail(refuse(failure));
    else queue.succeed((one) => readers.indexOf(one) < room);
    queue.endRound();
    return readers.map(({ userId }) => userId);
  };
  return { queue, ends, add, round };
}

const names = (from: number, count: number) => Array.from({ length: count }, (_, n) => `user-${from + n}`);

test('a failed round is read again with half of its readers, and the number grows again with success', () => {
  const { round, ends } = queueOf(500);
  expect(round('database-away')).toEqual(names(0, 100));
  expect(round('too-busy')).toEqual(names(0, 50));
  expect([round(), round(), round()]).toEqual([names(0, 25), names(25, 50), names(75, 100)]);
  expect(ends).toEqual([]);
});

test('readers for which a round has no room come first in the next one', () => {
  const { round, queue } = queueOf(150);
  round(undefined, 10);
  expect([round(), queue.size]).toEqual([names(10, 100), 40]);
});

test('a reader that has waited for long behind others is not refused because one round fails', () => {
  const { round, ends } = queueOf(300);
  jest.advanceTimersByTime(15_000);
  round();
  round('database-away');
  expect([round(), ends]).toEqual([names(100, 50), []]);
});

test('all readers that have waited for 10 s of failed rounds are refused, and no others', () => {
  const { round, ends, add, queue } = queueOf(150);
  round('database-away');
  jest.advanceTimersByTime(5_000);
  add('late');
  jest.advanceTimersByTime(4_999);
  round('database-away');
  expect(ends).toEqual([]);
  jest.advanceTimersByTime(1);
  round('database-away');
  expect(ends).toEqual(names(0, 150).map((name) => [name, 'database-away']));
  expect([queue.size, round()]).toEqual([1, ['late']]);
});

test('the readers of a round that fails for another reason are refused, and the others wait', () => {
  const { round, ends, queue } = queueOf(120);
  round('internal');
  expect(ends).toEqual(names(0, 100).map((name) => [name, 'internal']));
  expect(queue.size).toBe(20);
});
