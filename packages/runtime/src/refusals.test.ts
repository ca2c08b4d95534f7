import { Refusal, refusalFrom, refuse } from './refusal.js';
import { isReason, type RefusalRow, refusals } from './refusals.js';

const rows = Object.entries(refusals) as [string, RefusalRow][];

test.each(rows)('%s has sentences, an HTTP status and a retry hint', (reason, row) => {
  expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(row.words).toMatch(/^[A-Z].*[^.]\.$/);
  expect(row.http).toBeGreaterThanOrEqual(400);
  expect(row.http).toBeLessThan(600);
  expect(row.retryAfterMs ?? 1).toBeGreaterThan(0);
});

test('what only the server can cure is a 5xx, and nothing else is', () => {
  const ours = ['UNAVAILABLE', 'INTERNAL', 'UNIMPLEMENTED', 'DEADLINE_EXCEEDED'];
  const odd = rows.filter(([, { status, http }]) => ours.includes(status) !== http >= 500).map(([reason]) => reason);
  expect(odd).toEqual(['too-busy']);
});

test('a word is a reason only by its own right', () => {
  expect([isReason('moved'), isReason('toString'), isReason(undefined)]).toEqual([true, false, false]);
});

test('anything thrown becomes internal with fixed words; a refusal stays what it is', () => {
  const cause = new Error('hunter2');
  expect(refusalFrom(cause)).toMatchObject({ reason: 'internal', message: refusals.internal.words, cause });
  const refusal = refuse('channel-full', { retryAfterMs: 7 });
  expect(refusalFrom(refusal)).toBe(refusal);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal.retryAfterMs).toBe(7);
  expect(refuse('channel-full').retryAfterMs).toBe(5_000);
});
