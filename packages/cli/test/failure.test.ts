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
] as const)('a refusal for %s ends the command with exit code %i', (reason, code) => {
  expect(failureFrom(refuse(reason)).exitCode).toBe(code);
});

test('a refusal says what is wrong and what to do', () => {
  const words = describeFailure(failureFrom(refuse('user-id-taken')), false);
  expect(words).toBe('parley: That user id is taken. Choose another. If it is yours, run `npx parley login <user>`.');
});

const reasons = ['user-id-taken', 'channel-not-found', 'logged-out', 'no-server', 'server-not-found'];
const bob = { self: 'npx parley --login bob.json', toLogIn: 'npx parley --login bob.json', user: 'bob', data: '' };

test.each(reasons as Reason[])('the advice for %s repeats the global options', (reason) => {
  const { message } = failureFrom(refuse(reason), bob);
  expect(message).toMatch(/`npx parley --login bob\.json (login|channels|admin)\b/);
});

test('only the owner of a channel gets the advice to transfer it', () => {
  expect(failureFrom(refuse('owner-stays'), bob).message).toContain('--role owner');
  const message = 'The owner of a channel cannot be removed, muted or banned.';
  expect(failureFrom(refuse('owner-stays', { message }), bob).message).toBe(message);
});

test('the advice to become an operator names the data folder, and no addresses', () => {
  const grant = (data: string) => failureFrom(refuse('not-operator'), { ...bob, data }).message;
  expect(grant('')).toContain('`npx parley admin grant bob`');
  expect(grant(' --data /d')).toContain('`npx parley admin grant bob --data /d`');
});

const channelFull = 'Channel is full. Try again when someone leaves. (Retry in 5 s.)';

test('a temporary refusal says when to retry', () => {
  expect(failureFrom(refuse('channel-full')).message).toBe(channelFull);
});

test('names an address that does not respond', () => {
  const words = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:5. Resolution note: ';
  expect(failureFrom(refuse('unreachable', { cause: new Error(words) })).message).toContain(
    'Nothing responds at 127.0.0.1:5.',
  );
});

test('prints one JSON value with --json', () => {
  const line = describeFailure(failureFrom(refuse('channel-full')), true);
  expect(JSON.parse(line)).toEqual({
    error: { reason: 'channel-full', message: channelFull, retry_after_ms: 5_000 },
  });
});

test('removes escape sequences from the text of a server', () => {
  expect(failureFrom(refuse('internal', { message: '\u001b[2Jboo' })).message).toBe('Boo.');
});
