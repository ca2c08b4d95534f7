import { isReason, Refusal, refusalFrom, refuse } from './refusal.js';
import { type RefusalRow, refusals } from './refusals.js';

const rows = Object.entries(refusals) as [string, RefusalRow][];

test.each(rows)('the refusal %s has whole sentences, an HTTP error status and a valid retry hint', (reason, row) => {
  expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(row.message).toMatch(/^[A-Z].*[^.]\.$/);
  expect(row.http).toBeGreaterThanOrEqual(400);
  expect(row.http).toBeLessThan(600);
  expect(row.retryAfterMs ?? 1).toBeGreaterThan(0);
});

test('only failures of the server have a 5xx status', () => {
  const ours = ['UNAVAILABLE', 'INTERNAL', 'UNIMPLEMENTED', 'DEADLINE_EXCEEDED'];
  const odd = rows.filter(([, { status, http }]) => ours.includes(status) !== http >= 500).map(([reason]) => reason);
  expect(odd).toEqual(['too-busy']);
});

test('recognises reasons, but not inherited property names', () => {
  expect([isReason('moved'), isReason('toString'), isReason(undefined)]).toEqual([true, false, false]);
});

test('refusalFrom() turns any error into `internal` with a fixed text, and returns a refusal unchanged', () => {
  const cause = new Error('hunter2');
  expect(refusalFrom(cause)).toMatchObject({ reason: 'internal', message: refusals.internal.message, cause });
  const refusal = refuse('channel-full', { retryAfterMs: 7 });
  expect(refusalFrom(refusal)).toBe(refusal);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal.retryAfterMs).toBe(7);
  expect(refuse('channel-full').retryAfterMs).toBe(5_000);
});
