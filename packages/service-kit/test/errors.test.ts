import { type ClientReadableStream, type ServiceError, status } from '@grpc/grpc-js';
import {
  Channel,
  ChannelService,
  ChatService,
  LoginRequest,
  LoginResponse,
  LogoutRequest,
  Message,
  type Method,
  RegisterRequest,
  SubscribeRequest,
  User,
  UserService,
} from '@parley/contract';
import { frameOf, startDuplex, startServerStream } from '@parley/rpc';
import { refuse } from '@parley/runtime';
import { RawClient } from './raw-client.js';
import { ask, drain, reasonIn, ServerUnderTest, uncaughtDuring } from './server-under-test.js';

const secret = new Error('the password of the database is hunter2');
let server: ServerUnderTest;
let raw: RawClient;

beforeAll(async () => {
  server = await ServerUnderTest.start({
    user: {
      register: async () => {
        throw secret;
      },
      login: () => {
        throw secret;
      },
      logout: async () => {
        throw refuse('login-too-often', { retryAfterMs: 1_234 });
      },
      get: async () => ({}) as User,
    },
    channel: {
      list: {
        async *stream() {
          yield Channel.fromPartial({ id: 1 });
          throw secret;
        },
      },
      overview: async () => undefined as never,
      create: async (channel) => channel,
      delete: async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
    chat: {
      connect: {
        take: async () => {
          throw secret;
        },
      },
      subscribe: {
        take: () => {
          throw secret;
        },
      },
      send: async (message) => ({ clientId: '', seq: message.seq, timestamp: 0, refusal: undefined }),
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
});

function refusedBy<Q>(method: Method<Q, unknown>, request: Q): Promise<ServiceError> {
  return ask(server, method, request).then(
    () => Promise.reject(new Error('it was answered')),
    (error: ServiceError) => error,
  );
}

const unary = [
  ['an async throw', 'Register', () => refusedBy(UserService.register, RegisterRequest.create())],
  ['a throw', 'Login', () => refusedBy(UserService.login, LoginRequest.create())],
  ['an answer without its fields', 'Get', () => refusedBy(UserService.get, User.create())],
] as const;

test.each(unary)('turns %s into INTERNAL with a fixed text, and only logs its cause', async (_, method, call) => {
  const uncaught = await uncaughtDuring(async () => {
    const error = await call();
    expect(error.code).toBe(status.INTERNAL);
    expect(error.details).toBe('Something went wrong on the server. Its log has the details.');
    expect(reasonIn(error)).toBe('internal');
  });
  expect(uncaught).toEqual([]);
  const [line, ...more] = await server.linesOf(method);
  expect(more).toEqual([]);
  expect(line).toMatchObject({ level: 'error', reason: 'internal', err: expect.anything() });
});

const streams = [
  ['a generator', 'List', 1, () => drain(startServerStream(server.client, ChannelService.list, Channel.create()))],
  ['a bidirectional taker', 'Connect', 0, () => drain(startDuplex(server.client, ChatService.connect))],
  [
    'a taker',
    'Subscribe',
    0,
    () => drain(startServerStream(server.client, ChatService.subscribe, SubscribeRequest.create())),
  ],
] as const;

test.each(streams)('ends the stream with INTERNAL if %s throws', async (_, method, before, call) => {
  const uncaught = await uncaughtDuring(async () => {
    const { received, status: ended } = await call();
    expect(received).toHaveLength(before);
    expect(ended.code).toBe(status.INTERNAL);
    expect(ended.details).not.toContain('hunter2');
    expect(reasonIn(ended)).toBe('internal');
  });
  expect(uncaught).toEqual([]);
  expect(await server.linesOf(method)).toMatchObject([{ level: 'error', reason: 'internal', err: secret }]);
});

test('sends a refusal with its reason and retry hint', async () => {
  const error = await refusedBy(UserService.logout, LogoutRequest.create());
  expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(reasonIn(error)).toBe('login-too-often');
  expect(error.metadata.get('chat-retry-after-ms')).toEqual(['1234']);
  expect(await server.linesOf('Logout')).toMatchObject([{ level: 'info', reason: 'login-too-often' }]);
});

test('maps an unreachable database to UNAVAILABLE', async () => {
  const error = await refusedBy(ChannelService.delete, Channel.create());
  expect([error.code, reasonIn(error)]).toEqual([status.UNAVAILABLE, 'database-away']);
});

test('refuses methods of every kind without a handler as not implemented', async () => {
  const error = await refusedBy(ChannelService.listen, Channel.create());
  expect([error.code, reasonIn(error)]).toEqual([status.UNIMPLEMENTED, 'not-implemented']);
  const bare = await ServerUnderTest.start({});
  for (const open of [
    () => startServerStream(bare.client, ChannelService.list, Channel.create()),
    () => startDuplex(bare.client, ChatService.connect),
  ]) {
    const { status: ended } = await drain<unknown>(open() as ClientReadableStream<unknown>);
    expect([ended.code, reasonIn(ended)]).toEqual([status.UNIMPLEMENTED, 'not-implemented']);
  }
  await bare.stop();
});

describe('a server that decodes a request', () => {
  const tooLarge = Buffer.concat([Buffer.from([0x28]), Buffer.from('ffffffffffffffff7f', 'hex')]); // seq = 2^63 - 1
  test.each([
    ['garbage', '/chat.v1.UserService/Login', Buffer.from([0x0a, 0xff, 0xff])],
    ['garbage for a stream', '/chat.v1.ChannelService/List', Buffer.from([0x0a, 0xff, 0xff])],
    ['a seq above 2^53', '/chat.v1.ChatService/Send', tooLarge],
  ])('refuses %s as malformed', async (_, path, bytes) => {
    expect(await raw.call(path, frameOf(bytes))).toMatchObject({
      status: status.INVALID_ARGUMENT,
      reason: 'malformed',
    });
  });

  test('accepts a seq of 2^53 - 1', async () => {
    const seq = Number.MAX_SAFE_INTEGER;
    expect(await ask(server, ChatService.send, Message.fromPartial({ seq }))).toMatchObject({ seq });
  });

  test('refuses a message that is too large for the transport, with a reason, a log line and a metric', async () => {
    const before = await server.counted();
    const error = await refusedBy(ChannelService.create, Channel.fromPartial({ name: 'x'.repeat(1_048_576) }));
    expect([error.code, reasonIn(error)]).toEqual([status.RESOURCE_EXHAUSTED, 'message-too-large']);
    expect(await server.linesOf('Create')).toMatchObject([{ reason: 'message-too-large' }]);
    const key = 'chat.v1.ChannelService/Create message-too-large';
    expect((await server.counted())[key]).toBe((before[key] ?? 0) + 1);
  });

  test('refuses a call with no message or two messages, with a reason', async () => {
    const login = frameOf(LoginRequest.encode(LoginRequest.create()).finish());
    for (const body of [Buffer.alloc(0), Buffer.concat([login, login])]) {
      expect((await raw.call('/chat.v1.UserService/Login', body)).reason).toBe('not-implemented');
    }
    expect(await server.linesOf('Login', 2)).toHaveLength(2);
  });
});

test('sends every field of a response that a handler returns', async () => {
  const fine = await ServerUnderTest.start({ user: { login: async () => LoginResponse.fromPartial({ token: 't' }) } });
  expect(await ask(fine, UserService.login, LoginRequest.create())).toMatchObject({ token: 't' });
  expect(await fine.linesOf('Login')).toMatchObject([{ level: 'info', message: 'call', reason: 'ok' }]);
  expect(await fine.counted()).toEqual({ 'chat.v1.UserService/Login ok': 1 });
  await fine.stop();
});
