import { type Reason, refuse } from '@parley/runtime';
import { describeFailure, failureFrom } from '../src/failure.js';

test.each([
  ['channel-full', 1],
  ['wrong-credentials', 1],
  ['internal', 1],
  ['unreachable', 3],
  ['deadline-exceeded', 3],
  ['logged-out', 4],
  ['expired-token', 4],
] as const)('%s ends with exit code %i', (reason, code) => {
  expect(failureFrom(refuse(reason)).exitCode).toBe(code);
});

test('a refusal is followed by what to do next', () => {
  const words = describeFailure(failureFrom(refuse('user-id-taken')), false);
  expect(words).toBe('parley: That user id is taken. Choose another. If it is yours, run `npx parley login <user>`.');
});

const reasons = ['user-id-taken', 'channel-not-found', 'logged-out', 'no-server', 'not-operator', 'server-not-found'];

test.each(reasons as Reason[])('%s: the advised command begins like the one that was refused', (reason) => {
  const { message } = failureFrom(refuse(reason), { self: 'npx parley --login bob.json', user: 'bob' });
  expect(message).toMatch(/`npx parley --login bob\.json (login|channels|admin)\b/);
});

test('a refusal that passes says when', () => {
  expect(failureFrom(refuse('channel-full')).message).toBe(
    'Channel is full. Try again when someone leaves. (Retry in 5 s.)',
  );
});

test('an address where nothing answers is named', () => {
  const words = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:5. Resolution note: ';
  expect(failureFrom(refuse('unreachable', { cause: new Error(words) })).message).toContain(
    'nothing answers at 127.0.0.1:5;',
  );
});

test('with --json it is one JSON value', () => {
  const line = describeFailure(failureFrom(refuse('channel-full')), true);
  expect(JSON.parse(line)).toEqual({
    error: {
      reason: 'channel-full',
      message: 'Channel is full. Try again when someone leaves. (Retry in 5 s.)',
      retry_after_ms: 5_000,
    },
  });
});

test('a server cannot send escapes in its words', () => {
  expect(failureFrom(refuse('internal', { words: '\u001b[2Jboo' })).message).toBe('boo');
});
