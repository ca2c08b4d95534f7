import { Goodbye } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { Backoff } from '../src/core/backoff.js';
import { verdictOfEnd, worthAnotherListen } from '../src/verdict.js';

test('waits grow to their bounds, jittered, and start small again', () => {
  const backoff = new Backoff(() => 1);
  expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next())).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  backoff.reset();
  expect(backoff.next()).toBe(300);
  expect(new Backoff(() => 0).next(700)).toBe(700);
});

test.each([
  'moved',
  'draining',
  'unreachable',
  'cancelled',
  'internal',
  'seat-gone',
  'no-server',
  'listen-too-often',
  'idle',
  'too-slow',
] as const)('%s: listen again', (reason) => expect(worthAnotherListen(refuse(reason))).toBe(true));

test.each(['replaced', 'removed', 'kicked', 'channel-deleted', 'logged-out', 'suspended', 'too-many-seats'] as const)(
  '%s is for good',
  (reason) => expect(worthAnotherListen(refuse(reason))).toBe(false),
);

test('a goodbye counts more than the status, and an end without either is a lost connection', () => {
  const said = Goodbye.fromPartial({ reason: 'moved', message: 'later', listenAgain: false });
  expect(verdictOfEnd(said, undefined)).toMatchObject({ again: false, refusal: { reason: 'moved', message: 'later' } });
  expect(verdictOfEnd(undefined, undefined)).toMatchObject({ again: true, refusal: { reason: 'unreachable' } });
  expect(verdictOfEnd(undefined, refuse('kicked'))).toMatchObject({ again: false });
});

test('a reason of a later version is internal, with its own words', () => {
  const said = Goodbye.fromPartial({ reason: 'eclipse', message: 'too dark', listenAgain: true });
  expect(verdictOfEnd(said, undefined)).toMatchObject({
    again: true,
    refusal: { reason: 'internal', message: 'too dark' },
  });
});
