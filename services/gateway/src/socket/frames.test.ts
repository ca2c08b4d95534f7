import { once } from 'node:events';
import type { createServer } from 'node:net';
import type { Framing } from '@parley/fanout';
import { WebSocket as Client, type WebSocket, WebSocketServer } from 'ws';
import { convertedOnce } from '../inbox/converted-once.js';
import { binaryFraming, JsonFraming, socketFrames } from './frames.js';

/** Sends frames that we made from a server, and returns what `ws` reads. */
async function readBack(
  frames: Buffer,
  count: number,
): Promise<{ readonly data: Buffer; readonly isBinary: boolean }[]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as ReturnType<ReturnType<typeof createServer>['address']> & { port: number };
  const client = new Client(`ws://127.0.0.1:${port}`);
  const got: { data: Buffer; isBinary: boolean }[] = [];
  const all = new Promise<void>((resolve) =>
    client.on('message', (data: Buffer, isBinary) => {
      if (got.push({ data, isBinary }) === count) resolve();
    }),
  );
  const [socket, request] = (await once(server, 'connection')) as [WebSocket, { socket: NodeJS.WritableStream }];
  request.socket.write(frames);
  await all;
  socket.terminate();
  server.close();
  return got;
}

test('ws reads our frames with lengths of every size', async () => {
  const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
  const payloads = sizes.map((size) => Buffer.alloc(size, size % 251));
  const read = await readBack(binaryFraming.join(payloads, 0), sizes.length);
  expect(read.map(({ data }) => data.length)).toEqual(sizes);
  expect(read.every(({ data, isBinary }, at) => isBinary && data.equals(payloads[at] as Buffer))).toBe(true);
  const [text] = await readBack(socketFrames([Buffer.from('grüße')], true), 1);
  expect([text?.isBinary, text?.data.toString()]).toEqual([false, 'grüße']);
});

test('an event is converted to JSON once, until the kept texts exceed their limit', () => {
  const converted: string[] = [];
  const convert = (event: Uint8Array) => {
    converted.push(Buffer.from(event).toString());
    return '12345678';
  };
  const framing: Framing = new JsonFraming(convertedOnce(convert, 60));
  const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((word) => Buffer.from(word)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  framing.join([one, two], 0);
  framing.join([one], 0);
  framing.join([one, two, three, four], 0);
  expect(converted).toEqual(['one', 'two', 'three', 'four']);
  for (let n = 0; n < 3; n++) framing.join([Buffer.from(`more ${n}`)], 0);
  framing.join([one], 0);
  expect(converted.filter((word) => word === 'one')).toHaveLength(2);
  expect(framing.join([one, two], 0).toString('latin1')).toBe('\x81\x0812345678\x81\x0812345678');
});
