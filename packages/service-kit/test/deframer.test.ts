import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { Message } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { refuse } from '@parley/runtime';
import type { RawStream } from '../src/grpc/raw-stream.js';
import { answerOf, RawClient } from './raw-client.js';
import { eventually, ServerUnderTest } from './server-under-test.js';

let scene: (stream: RawStream) => void;
let server: ServerUnderTest;
let raw: RawClient;

beforeAll(async () => {
  server = await ServerUnderTest.start({ chat: { connect: { take: async (stream) => scene(stream) } } });
  raw = new RawClient(server.port);
});
afterAll(async () => {
  raw.close();
  await server.stop();
});

const path = '/chat.v1.ChatService/Connect';
const message = (seq: number, bytes = 10) =>
  Buffer.from(Message.encode(Message.fromPartial({ seq, data: Buffer.alloc(bytes, seq) })).finish());

/**
 * Returns a handler that collects the messages of a stream until its client half-closes, and those
 * messages.
 */
function hearing(): { heard: Message[]; take: (stream: RawStream) => void } {
  const heard: Message[] = [];
  const take = (stream: RawStream) => {
    stream.onMessage((bytes) => heard.push(Message.decode(bytes)));
    stream.onHalfClose(() => stream.end());
  };
  return { heard, take };
}

function packed(bytes: Buffer): Buffer {
  const frame = frameOf(bytes);
  frame.writeUInt8(1, 0);
  return frame;
}

test('deframes messages that arrive byte by byte', async () => {
  const { heard, take } = hearing();
  scene = take;
  const stream = raw.open(path);
  for (const byte of Buffer.concat([frameOf(message(1)), frameOf(message(2, 300)), frameOf(message(3, 0))])) {
    stream.write(Buffer.of(byte));
  }
  stream.end();
  expect((await answerOf(stream)).status).toBe(status.OK);
  expect(heard).toEqual([1, 2, 3].map((seq, at) => Message.decode(message(seq, [10, 300, 0][at]))));
});

test('keeps the bytes of a large message while the next one arrives', async () => {
  const { heard, take } = hearing();
  scene = take;
  const body = Buffer.concat([1, 2, 3, 4, 5].map((seq) => frameOf(message(seq, 60_000))));
  expect((await raw.call(path, body)).status).toBe(status.OK);
  expect(heard.map(({ seq, data }) => [seq, data.length, data.every((byte) => byte === seq)])).toEqual(
    [1, 2, 3, 4, 5].map((seq) => [seq, 60_000, true]),
  );
});

test('delivers nothing while it is paused, not even the rest of a chunk', async () => {
  const heard: number[] = [];
  let taken: RawStream | undefined;
  scene = (stream) => {
    taken = stream;
    stream.onMessage((bytes) => {
      heard.push(Message.decode(bytes).seq);
      stream.pause();
    });
    stream.onHalfClose(() => stream.end());
  };
  const answer = raw.call(path, Buffer.concat([1, 2, 3].map((seq) => frameOf(message(seq)))));
  for (const count of [1, 2, 3]) {
    await eventually(() => heard.length === count, `${count} heard`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard.length).toBe(count);
    taken?.resume();
  }
  expect((await answer).status).toBe(status.OK);
  expect(heard).toEqual([1, 2, 3]);
});

test('reports a half-close that came before the listener', async () => {
  let taken: RawStream | undefined;
  scene = (stream) => {
    taken = stream;
  };
  const answer = raw.call(path, Buffer.alloc(0));
  await eventually(() => taken !== undefined, 'taken');
  await new Promise((resolve) => setTimeout(resolve, 50));
  taken?.onMessage(() => {});
  taken?.onHalfClose(() => taken?.end());
  expect((await answer).status).toBe(status.OK);
});

test.each([
  ['of a compressed message', packed(gzipSync(message(1))), 'compressed', status.UNIMPLEMENTED],
  ['with an unknown flag', Buffer.of(7, 0, 0, 0, 1, 0), 'malformed', status.INVALID_ARGUMENT],
  [
    'that announce a message that is too large',
    Buffer.of(0, 0, 1, 0x20, 1),
    'message-too-large',
    status.RESOURCE_EXHAUSTED,
  ],
])('ends the stream on bytes %s and drops the rest', async (_, bytes, reason, code) => {
  const { heard, take } = hearing();
  scene = take;
  const answer = await raw.call(path, Buffer.concat([bytes, frameOf(message(2))]));
  expect([answer.reason, answer.status, heard]).toEqual([reason, code, []]);
});

test('reads nothing after the end of a stream, no matter how much its client sends', async () => {
  const heard: number[] = [];
  scene = (stream) =>
    stream.onMessage((bytes) => {
      heard.push(bytes.length);
      stream.end(refuse('malformed'));
    });
  const stream = raw.open(path);
  stream.resume();
  const answered = new Promise((resolve) => stream.once('response', resolve));
  stream.write(frameOf(message(1)));
  await answered;
  for (let n = 0; n < 300; n++) await new Promise((resolve) => stream.write(frameOf(message(2)), resolve));
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.end();
  await closed;
  expect(heard).toHaveLength(1);
});
