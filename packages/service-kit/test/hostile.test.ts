import { constants } from 'node:http2';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { status } from '@grpc/grpc-js';
import { Channel, RegisterRequest, User } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { limits } from '@parley/runtime';
import type { RawStream } from '../src/grpc/raw-stream.js';
import { answerOf, type RawAnswer, RawClient } from './raw-client.js';
import { eventually, ServerUnderTest } from './server-under-test.js';

let server: ServerUnderTest;
let raw: RawClient;

function endWithClient(stream: RawStream): void {
  stream.onMessage(() => {});
  stream.onHalfClose(() => stream.end());
}

/** Returns the bytes in use on the heap. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

beforeAll(async () => {
  server = await ServerUnderTest.start({
    patience: { ...limits, requestWithinMs: 200, takenWithinMs: 400, reflectionWithinMs: 600 },
    user: { register: async () => ({}), get: async () => User.fromPartial({ about: 'x'.repeat(1_000_000) }) },
    chat: { connect: { take: async (stream) => endWithClient(stream) } },
  });
  raw = new RawClient(server.port);
});
afterAll(async () => {
  raw.close();
  await server.stop();
});

test.each(['Register', 'Login', 'Logout'])('ends a call of %s that sends only half a request', async (method) => {
  const stream = raw.open(`/chat.v1.UserService/${method}`);
  stream.write(Buffer.from([0, 0, 0, 3, 232, 1, 2, 3]));
  const { status: code, reason, reset } = await answerOf(stream);
  expect([code, reason, reset]).toEqual([status.DEADLINE_EXCEEDED, 'deadline-exceeded', constants.NGHTTP2_NO_ERROR]);
});

test('ends a health check without a request', async () => {
  const { status: code } = await answerOf(raw.open('/grpc.health.v1.Health/Check'));
  expect(code).toBe(status.DEADLINE_EXCEEDED);
});

test('a reflection stream ends after its time, and its error names the limit', async () => {
  const { status: code, headers } = await answerOf(
    raw.open('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'),
  );
  expect(code).toBe(status.DEADLINE_EXCEEDED);
  expect(decodeURIComponent(String(headers['grpc-message']))).toContain('has reached its time limit.');
});

test('does not limit the time of complete requests and of request streams', async () => {
  const whole = frameOf(RegisterRequest.encode(RegisterRequest.fromPartial({ userId: 'ann' })).finish());
  expect((await raw.call('/chat.v1.UserService/Register', whole)).status).toBe(status.OK);
  const stream = raw.open('/chat.v1.ChatService/Connect');
  const ended = answerOf(stream);
  setTimeout(() => stream.end(), 500);
  expect((await ended).status).toBe(status.OK);
});

test('drops a response that nobody reads, but not one that is read slowly', async () => {
  const get = (pause: boolean) => {
    const stream = raw.open('/chat.v1.UserService/Get');
    stream.end(frameOf(User.encode(User.fromPartial({ id: 'ann' })).finish()));
    if (pause) stream.pause();
    return stream;
  };
  const unread = get(true);
  const reset = new Promise((resolve) => unread.once('close', () => resolve(unread.rstCode)));
  let calls = 1;
  let read: RawAnswer;
  do {
    calls += 1;
    const slow = get(true);
    setTimeout(() => slow.resume(), 200);
    read = await answerOf(slow);
  } while (read.status !== status.OK); // A stall may outlast the time for reading.
  expect(read.reset).toBe(constants.NGHTTP2_NO_ERROR);
  await server.linesOf('Get', calls);
  unread.resume();
  expect(await reset).toBe(constants.NGHTTP2_CANCEL);
});

test('limits the calls of one connection, and raises the limit when accepted streams fill half of it', async () => {
  const client = new RawClient(server.port);
  client.session.setMaxListeners(0);
  const allowed = () => client.session.remoteSettings.maxConcurrentStreams;
  await eventually(() => allowed() === limits.callsPerConnection, 'the setting of the server');
  for (let n = 0; n < 150; n++) client.open('/chat.v1.UserService/Login');
  await client.call('/chat.v1.UserService/Register', Buffer.alloc(5)); // waits until one of them is over
  expect(allowed()).toBe(limits.callsPerConnection);
  for (let n = 0; n < 600; n++) client.open('/chat.v1.ChatService/Connect');
  await eventually(() => allowed() === limits.streamsPerConnection, 'the highest bound');
  client.close();
});

test('lets a connection send 1 MiB before the service reads, because it may carry many users', async () => {
  const client = new RawClient(server.port);
  await eventually(() => (client.session.state.remoteWindowSize ?? 0) > 1_000_000, 'the window of the server');
  client.close();
});

describe('Health', () => {
  const question = (service: string) => frameOf(Channel.encode(Channel.fromPartial({ name: service })).finish());
  /**
   * Returns a message whose field 2 is the name of a Channel, and field 1 the name of a service.
   */
  const about = (service: string) => {
    const bytes = question(service);
    bytes.writeUInt8(0x0a, 5);
    return bytes;
  };

  test('a health check of an unknown service gets NOT_FOUND, without the name', async () => {
    const answer = await raw.call('/grpc.health.v1.Health/Check', about('x'.repeat(50_000)));
    expect(answer.status).toBe(status.NOT_FOUND);
  });

  test('stores no names of services that a client watches', async () => {
    const before = heldBytes();
    for (let n = 0; n < 900; n++) {
      const stream = raw.open('/grpc.health.v1.Health/Watch');
      stream.end(about(`${n}${'x'.repeat(60_000)}`));
      stream.once('data', () => stream.close(constants.NGHTTP2_CANCEL));
      await answerOf(stream);
    }
    expect(heldBytes() - before).toBeLessThan(25_000_000);
  });
});

test('never prints metadata that grpc-js cannot parse', async () => {
  const printed: string[] = [];
  const { console: terminal } = globalThis;
  const print = terminal.error;
  terminal.error = (...words: unknown[]) => void printed.push(words.join(' '));
  const whole = frameOf(RegisterRequest.encode(RegisterRequest.create()).finish());
  await raw.call('/chat.v1.UserService/Register', whole, { authorization: 'Bearer hunter2\u00ff' });
  terminal.error = print;
  expect(printed.join()).not.toContain('hunter2');
});
