import { PrivateAddress } from '../outbound/public-hosts.js';
import {
  disabledBy,
  mostAttempts,
  outcomeOfAnswer,
  outcomeWithoutAnswer,
  pauseAfterFailures,
  waitAfterAttempts,
} from './delivery-rules.js';

const day = 86_400_000;
const answer = (status: number, retryAfterMs?: number) => ({ status, retryAfterMs });

test('attempts at an entry are further and further apart, up to 6 h, and the 20th is the last one', () => {
  const middle = (attempts: number) => waitAfterAttempts(attempts, undefined, 0.5);
  expect([1, 2, 3, 12, 13, 19].map(middle)).toEqual([10_000, 20_000, 40_000, 20_480_000, 21_600_000, 21_600_000]);
  expect(middle(mostAttempts)).toBeUndefined();
  const longest = Array.from({ length: mostAttempts - 1 }, (_, n) => waitAfterAttempts(n + 1, undefined, 1) ?? 0);
  expect(longest.reduce((sum, ms) => sum + ms)).toBeLessThan(3 * day);
});

test('a webhook pauses after each failure in a row, up to a minute', () => {
  expect([1, 2, 6, 7, 5_000].map((failures) => pauseAfterFailures(failures, undefined, 0.5))).toEqual([
    1_000, 2_000, 32_000, 60_000, 60_000,
  ]);
});

test('waits are spread by a fifth, and are never shorter than the receiver asks', () => {
  expect([0, 1].map((random) => waitAfterAttempts(1, undefined, random))).toEqual([8_000, 12_000]);
  expect([0, 1].map((random) => pauseAfterFailures(1, undefined, random))).toEqual([800, 1_200]);
  expect([waitAfterAttempts(1, 50_000, 0), pauseAfterFailures(1, 50_000, 0)]).toEqual([50_000, 50_000]);
  expect([waitAfterAttempts(1, 1, 0), pauseAfterFailures(1, 1, 0)]).toEqual([8_000, 800]);
});

test.each([
  [{ isGone: false, failingMs: 3 * day - 1, deadLetters: 999 }, undefined],
  [{ isGone: true, failingMs: 0, deadLetters: 0 }, 'gone'],
  [{ isGone: false, failingMs: 3 * day, deadLetters: 0 }, 'failing'],
  [{ isGone: false, failingMs: 0, deadLetters: 1_000 }, 'dead-letters'],
])('after %j the webhook is disabled by %s', (facts, expected) => {
  expect(disabledBy(facts)).toBe(expected);
});

test('any 2xx status is a success, 410 disables the webhook, and any other status is tried again', () => {
  for (const status of [200, 202, 204, 299]) expect(outcomeOfAnswer(answer(status))).toEqual({ type: 'sent' });
  expect(outcomeOfAnswer(answer(410))).toMatchObject({ type: 'gone', why: 'status 410' });
  for (const status of [100, 301, 400, 401, 404, 500])
    expect(outcomeOfAnswer(answer(status))).toMatchObject({ type: 'failed', why: `status ${status}` });
  expect(outcomeOfAnswer(answer(429, 5_000))).toMatchObject({ type: 'failed', afterMs: 5_000 });
});

test('a failure without an answer says why, in 200 characters at most', () => {
  expect(outcomeWithoutAnswer(new PrivateAddress('ci.internal'))).toMatchObject({
    type: 'failed',
    why: 'ci.internal has a private address.',
  });
  expect(outcomeWithoutAnswer(new Error('x'.repeat(500)))).toMatchObject({ why: `Error: ${'x'.repeat(193)}` });
});
