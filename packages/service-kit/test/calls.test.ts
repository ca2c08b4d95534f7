import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  Channel,
  ChannelService,
  LoginRequest,
  LoginResponse,
  LogoutRequest,
  originalMethods,
  User,
  UserService,
} from '@parley/contract';
import { frameOf, startServerStream, startUnary } from '@parley/rpc';
import type { Call } from '../src/grpc/call.js';
import { answerOf, RawClient } from './raw-client.js';
import { ask, drain, eventually, reasonIn, ServerUnderTest } from './server-under-test.js';

const calls: Call[] = [];
let pulled = 0;
let finished = 0;
let server: ServerUnderTest;
let raw: RawClient;

/** Waits until the call is over. */
const untilOver = (call: Call) =>
  new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }));

beforeAll(async () => {
  server = await ServerUnderTest.start({
    user: {
      login: async (_, call) => {
        calls.push(call);
        await untilOver(call);
        return LoginResponse.create();
      },
      logout: async (_, call) => {
        call.bearer();
        return {};
      },
      get: async (_, call) => User.fromPartial({ id: String(call.metadata('chat-resume', 100_000)?.length) }),
    },
    channel: {
      list: {
        async *stream(_, call) {
          call.header('chat-hint', 'yes');
          try {
            for (pulled = 0; pulled < 20_000; pulled++) yield Channel.fromPartial({ name: 'x'.repeat(1_000) });
          } finally {
            finished++;
          }
        },
      },
    },
  });
  raw = new RawClient(server.port);
});
afterAll(async () => {
  raw.close();
  await server.stop();
});
beforeEach(() => {
  server.lines.length = 0;
  calls.length = 0;
  finished = 0;
});

const login = '/chat.v1.UserService/Login';
const logout = '/chat.v1.UserService/Logout';
const empty = frameOf(Buffer.alloc(0));

test('aborts the signal and logs one line if the client cancels', async () => {
  const call = startUnary(server.client, UserService.login, LoginRequest.create(), { withinMs: 60_000 }, () => {});
  await eventually(() => calls.length === 1, 'called');
  expect(calls[0]?.signal.aborted).toBe(false);
  call.cancel();
  expect(await server.linesOf('Login')).toMatchObject([{ level: 'info', reason: 'cancelled' }]);
  expect(calls[0]?.signal.aborted).toBe(true);
});

test('logs deadline-exceeded, not ok, for a call whose deadline passes while its handler runs', async () => {
  const answer = await raw.call(login, empty, { 'grpc-timeout': '80m' });
  expect(answer).toMatchObject({ status: status.DEADLINE_EXCEEDED, reason: 'deadline-exceeded' });
  expect(await server.linesOf('Login')).toMatchObject([{ reason: 'deadline-exceeded' }]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.lines).toHaveLength(1);
});

test('never logs a token', async () => {
  await raw.call(logout, empty, { authorization: 'Bearer se.cr.et' });
  await raw.call(logout, empty, { authorization: 'Bearer se.cr.et!' });
  const lines = await server.linesOf('Logout', 2);
  expect(lines.map(({ reason }) => reason)).toEqual(['ok', 'unauthenticated']);
  expect(JSON.stringify(server.lines)).not.toContain('se.cr.et');
});

test.each([
  ['a token above 4 KiB', { authorization: `Bearer ${'x'.repeat(4_096)}` }, 'invalid-metadata'],
  ['no token', {}, 'unauthenticated'],
  ['another scheme', { authorization: 'Basic abc' }, 'unauthenticated'],
])('refuses %s with a reason', async (_, headers, reason) => {
  expect((await raw.call(logout, empty, headers)).reason).toBe(reason);
});

/** Returns the outcome of `Get` with this metadata. The handler of `Get` reads chat-resume. */
function getWith(metadata: Metadata): Promise<{ metadata: Metadata } | string> {
  return ask(server, UserService.get, User.create(), metadata).then(
    ({ id }) => id,
    (error: ServiceError) => error,
  );
}

test('joins a repeated metadata key into one invalid value', async () => {
  const twice = new Metadata();
  twice.add('chat-resume', 'a');
  twice.add('chat-resume', 'b');
  expect(await getWith(twice)).toBe(String('a, b'.length)); // HTTP/2 joins repeated headers.
});

test('when the deadline of a stream passes, sends the status only after a complete message', async () => {
  pulled = 0;
  do {
    const stream = raw.open('/chat.v1.ChannelService/List', { 'grpc-timeout': '60m' });
    stream.end(empty);
    expect(await answerOf(stream)).toMatchObject({ status: status.DEADLINE_EXCEEDED, reason: 'deadline-exceeded' });
  } while (pulled === 0); // A stall may outlast the deadline before the handler runs.
  await eventually(() => finished === 1, 'the generator ended');
});

test('accepts 10 KiB of metadata, refuses a token of that size, and lets the transport refuse 70 KiB', async () => {
  const large = new Metadata();
  large.set('chat-resume', 'x'.repeat(10 * 1_024));
  expect(await getWith(large)).toBe(String(10 * 1_024));
  const logout = (bytes: number) => {
    const token = new Metadata();
    token.set('authorization', `Bearer ${'x'.repeat(bytes)}`);
    return ask(server, UserService.logout, LogoutRequest.create(), token).then(
      () => Promise.reject(new Error('it was answered')),
      (error: ServiceError) => error,
    );
  };
  expect(reasonIn(await logout(10 * 1_024))).toBe('invalid-metadata');
  expect((await logout(70 * 1_024)).code).toBe(status.RESOURCE_EXHAUSTED);
});

test('pauses the generator for a slow reader and ends it on cancel', async () => {
  const stream = raw.open('/chat.v1.ChannelService/List');
  stream.end(empty);
  await eventually(() => pulled > 10, 'it began');
  let reached = 0;
  while (reached !== pulled) {
    reached = pulled;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(reached).toBeLessThan(300);
  expect(finished).toBe(0);
  stream.close(8);
  await eventually(() => finished === 1, 'the generator ended');
  expect(pulled).toBeLessThanOrEqual(reached + 1);
  expect(await server.linesOf('List')).toMatchObject([{ reason: 'cancelled' }]);
});

test('sends headers first and all messages to a slow reader', async () => {
  const stream = startServerStream(server.client, ChannelService.list, Channel.create());
  const hint = new Promise<unknown>((resolve) => stream.on('metadata', (got) => resolve(got.get('chat-hint'))));
  const { received, status: ended } = await drain(stream);
  expect([received.length, ended.code, await hint]).toEqual([20_000, status.OK, ['yes']]);
});

test('logs one line and leaks no stream for calls reset before their request', async () => {
  for (let i = 0; i < 20; i++) raw.open('/chat.v1.ChatService/Send').close(8);
  await server.linesOf('Send', 1).catch(() => {});
  const answer = await raw.call('/chat.v1.ChatService/Send', empty);
  expect(answer.reason).toBe('not-implemented');
  await eventually(() => server.lines.length > 0, 'lines');
  expect(server.lines.length).toBeLessThanOrEqual(21);
});

describe('the names without a package', () => {
  test('there are ten methods without a package', () => expect(originalMethods).toHaveLength(10));

  test.each(originalMethods.map(({ service, method }) => `/${service}/${method}`))('serve %s', async (path) => {
    const stream = raw.open(path, { 'grpc-timeout': '50m' });
    stream.end(empty);
    const { reason } = await answerOf(stream);
    expect(['not-implemented', 'deadline-exceeded', undefined]).toContain(reason);
    expect(await server.linesOf(path.split('/')[2] as string)).toMatchObject([{ rpc: path.slice(1) }]);
  });

  test('a method without a package reaches the handler of the same method in chat.v1', async () => {
    const stream = raw.open('/UserService/Login');
    stream.end(empty);
    await eventually(() => calls.length > 0, 'the call');
    stream.close(8);
    expect(calls.map(({ rpc }) => rpc)).toEqual(['UserService/Login']);
  });

  test.each(['/UserService/Logout', '/ChatService/Send', '/ChannelService/Overview'])('exclude %s', async (path) => {
    expect(await raw.call(path, empty)).toMatchObject({ status: status.UNIMPLEMENTED, reason: 'not-implemented' });
  });
});

test.each(['/nobody.Knows/This', '/', '/x', '/chat.v1.UserService/'])(
  'refuses the unknown path %s with a reason',
  async (path) => {
    expect(await raw.call(path, empty)).toMatchObject({ status: status.UNIMPLEMENTED, reason: 'not-implemented' });
  },
);
