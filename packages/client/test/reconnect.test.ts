import { refuse } from '@parley/runtime';
import { Backoff, worthAnotherListen } from '../src/index.js';

test('waits grow to their bounds, jittered, and start small again', () => {
  const backoff = new Backoff(() => 1);
  expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next())).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  backoff.reset();
  expect(backoff.next()).toBe(300);
  expect(new Backoff(() => 0).next(700)).toBe(700);
});

test.each(['moved', 'draining', 'unreachable', 'internal', 'seat-gone', 'channel-full', 'idle'] as const)(
  '%s: listen again',
  (reason) => expect(worthAnotherListen(refuse(reason))).toBe(true),
);

test.each(['replaced', 'removed', 'kicked', 'channel-deleted', 'logged-out', 'suspended', 'too-many-seats'] as const)(
  '%s is for good',
  (reason) => expect(worthAnotherListen(refuse(reason))).toBe(false),
);
