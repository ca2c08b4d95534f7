import { Goodbye } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { Backoff } from '../src/core/backoff.js';
import { verdictOfEnd, worthAnotherListen } from '../src/verdict.js';

test('backoff delays grow with jitter up to their limit, and start again after a success', () => {
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
] as const)('listens again after %s', (reason) => expect(worthAnotherListen(refuse(reason))).toBe(true));

test.each(['replaced', 'removed', 'kicked', 'channel-deleted', 'logged-out', 'suspended', 'too-many-seats'] as const)(
  'does not listen again after %s',
  (reason) => expect(worthAnotherListen(refuse(reason))).toBe(false),
);

test('prefers the goodbye to the status, and treats an end without either as a lost connection', () => {
  const said = Goodbye.fromPartial({ reason: 'moved', message: 'later', listenAgain: false });
  expect(verdictOfEnd(said, undefined)).toMatchObject({ again: false, refusal: { reason: 'moved', message: 'later' } });
  expect(verdictOfEnd(undefined, undefined)).toMatchObject({ again: true, refusal: { reason: 'unreachable' } });
  expect(verdictOfEnd(undefined, refuse('kicked'))).toMatchObject({ again: false });
});

test('maps an unknown reason to internal and keeps its text', () => {
  const said = Goodbye.fromPartial({ reason: 'eclipse', message: 'too dark', listenAgain: true });
  expect(verdictOfEnd(said, undefined)).toMatchObject({
    again: true,
    refusal: { reason: 'internal', message: 'too dark' },
  });
});
