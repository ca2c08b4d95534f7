import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { ChatService, Message, SubscribeRequest } from '@parley/contract';
import { frameOf, startDuplex, startServerStream } from '@parley/rpc';
import { refuse } from '@parley/runtime';
import type { Call } from '../src/grpc/call.js';
import type { RawStream } from '../src/grpc/raw-stream.js';
import { answerOf, RawClient } from './raw-client.js';
import { drain, eventually, reasonIn, ServerUnderTest, uncaughtDuring } from './server-under-test.js';

type Scene = (stream: RawStream, call: Call) => void | Promise<void>;

let scene: Scene;
let server: ServerUnderTest;
let raw: RawClient;

beforeAll(async () => {
  const take = async (stream: RawStream, call: Call) => scene(stream, call);
  server = await ServerUnderTest.start({ chat: { connect: { take }, subscribe: { take } } });
  raw = new RawClient(server.port);
});
afterAll(async () => {
  raw.close();
  await server.stop();
});
beforeEach(() => {
  server.lines.length = 0;
});

const path = '/chat.v1.ChatService/Connect';
const frame = (seq: number, bytes = 10) =>
  frameOf(Message.encode(Message.fromPartial({ seq, data: Buffer.alloc(bytes) })).finish());
const frames = (count: number, bytes?: number) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => frame(index + 1, bytes)));

test('delivers 3,001 joined frames and then an error status, complete and in order', async () => {
  scene = (stream) => {
    stream.write(frames(3_001));
    stream.end(refuse('moved'));
    stream.write(frame(9_999));
    stream.end();
  };
  const { received, status: ended } = await drain(startDuplex(server.client, ChatService.connect));
  expect(received.map(({ seq }) => seq)).toEqual(Array.from({ length: 3_001 }, (_, index) => index + 1));
  expect([ended.code, reasonIn(ended)]).toEqual([status.ABORTED, 'moved']);
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'moved' }]);
});

test.each([undefined, 'moved'] as const)('stops a client that continues to send after the end (%s)', async (reason) => {
  scene = (stream) => stream.onMessage(() => stream.end(reason && refuse(reason)));
  const stream = raw.open(path);
  let isOpen = true;
  const send = () => isOpen && stream.write(frame(1, 60_000), () => setImmediate(send));
  const answered = answerOf(stream);
  send();
  const answer = await answered;
  isOpen = false;
  expect(answer).toMatchObject({
    status: reason === undefined ? status.OK : status.ABORTED,
    reset: constants.NGHTTP2_CANCEL,
  });
});

test('sends headers with the first write', async () => {
  scene = (stream, call) => {
    call.header('chat-token', 'abc');
    stream.write(frame(1));
    stream.end();
  };
  const call = startDuplex(server.client, ChatService.connect);
  const headers = new Promise<unknown>((resolve) => call.on('metadata', (got) => resolve(got.get('chat-token'))));
  const { received, status: ended } = await drain(call);
  expect(await headers).toEqual(['abc']);
  expect([received.length, ended.code]).toEqual([1, status.OK]);
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'ok' }]);
});

test('delivers messages and the half-close to the handler', async () => {
  const heard: number[] = [];
  scene = (stream) => {
    stream.onMessage((bytes) => heard.push(Message.decode(bytes).seq));
    stream.onHalfClose(() => stream.end());
  };
  const call = startDuplex(server.client, ChatService.connect);
  for (const seq of [1, 2, 3]) call.write(Message.fromPartial({ seq }));
  call.end();
  expect((await drain(call)).status.code).toBe(status.OK);
  expect(heard).toEqual([1, 2, 3]);
});

test('gives the handler a raw stream for a server-streaming call', async () => {
  scene = (stream) => {
    stream.write(frame(7));
    stream.end();
  };
  const { received } = await drain(startServerStream(server.client, ChatService.subscribe, SubscribeRequest.create()));
  expect(received.map(({ seq }) => seq)).toEqual([7]);
});

test('end() waits for a stuck reader, reset() drops it, and onClose runs once', async () => {
  let closed = 0;
  let taken: RawStream | undefined;
  scene = (stream) => {
    taken = stream;
    stream.onClose(() => closed++);
    stream.write(frames(200, 10_000));
    stream.end(refuse('kicked'));
  };
  const stream = raw.open(path); // Without a reader, its flow-control window closes.
  await eventually(() => (taken?.pendingBytes ?? 0) > 0, 'bytes wait');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(closed).toBe(0);
  taken?.reset();
  taken?.reset();
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'kicked' }]);
  expect([closed, taken?.ended, taken?.pendingBytes]).toEqual([1, true, 0]);
  stream.destroy();
});

test('logs too-slow when the handler resets a stream without giving a reason', async () => {
  scene = (stream) => {
    stream.write(frame(1));
    stream.reset();
  };
  expect((await answerOf(raw.open(path))).reset).toBe(8);
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'too-slow' }]);
});

test('a listener that is added after the end of a stream still runs', async () => {
  let closed = 0;
  scene = async (stream) => {
    stream.onClose(() => closed++);
    stream.reset();
    await eventually(() => closed === 1, 'the first');
    stream.onClose(() => closed++);
  };
  void answerOf(raw.open(path));
  await eventually(() => closed === 2, 'the second');
});

test('ends a stream once at the deadline of its client, and writes nothing after it', async () => {
  let taken: RawStream | undefined;
  let wrote = 0;
  scene = (stream) => {
    taken = stream;
    const timer = setInterval(() => {
      stream.write(frame(1));
      wrote += stream.ended ? 0 : 1;
    }, 1);
    stream.onClose(() => clearInterval(timer));
  };
  const uncaught = await uncaughtDuring(async () => {
    const answer = await raw.call(path, Buffer.alloc(0), { 'grpc-timeout': '150m' });
    expect(answer).toMatchObject({ status: status.DEADLINE_EXCEEDED, reason: 'deadline-exceeded', reset: 0 });
  });
  expect(uncaught).toEqual([]);
  expect(wrote).toBeGreaterThan(0);
  expect(taken?.ended).toBe(true);
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'deadline-exceeded' }]);
});

test('a stream whose reader is stuck counts as ended after its deadline', async () => {
  let taken: RawStream | undefined;
  scene = (stream) => {
    taken = stream;
    stream.write(frames(200, 10_000));
  };
  const stream = raw.open(path, { 'grpc-timeout': '100m' });
  await eventually(() => taken?.ended === true, 'it ended');
  expect(taken?.write(frame(1))).toBe(true);
  taken?.reset();
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'deadline-exceeded' }]);
  stream.destroy();
});

test('ends the stream with a reason on an oversized message', async () => {
  scene = (stream) => stream.onMessage(() => {});
  const answer = await raw.call(path, frameOf(Buffer.alloc(1_048_577)));
  expect(answer).toMatchObject({ status: status.RESOURCE_EXHAUSTED, reason: 'message-too-large' });
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'message-too-large' }]);
});

test('closes the stream once, as cancelled, if the connection breaks', async () => {
  let closed = 0;
  let signal: AbortSignal | undefined;
  scene = (stream, call) => {
    signal = call.signal;
    stream.onClose(() => closed++);
    stream.write(frame(1));
  };
  const lost = new RawClient(server.port);
  lost.open(path);
  await eventually(() => signal !== undefined, 'taken');
  lost.close();
  expect(await server.linesOf('Connect')).toMatchObject([{ reason: 'cancelled' }]);
  expect([closed, signal?.aborted]).toEqual([1, true]);
});

test('ignores the metadata key that earlier versions used internally to hand streams over', async () => {
  const seen: unknown[] = [];
  scene = (stream, call) => {
    seen.push(call.metadata('chat-raw-stream'));
    stream.write(frame(seen.length));
    stream.end();
  };
  const headers = { 'chat-raw-stream': '1' };
  const both = [raw.call(path, Buffer.alloc(0), headers), raw.call(path, Buffer.alloc(0), headers)];
  const answers = await Promise.all(both);
  expect(answers.map(({ body }) => body)).toEqual([frame(1), frame(2)]);
  expect(seen).toEqual(['1', '1']);
});
