import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InboxEvent } from '@parley/contract';
import { limits } from '@parley/runtime';
import { WebSocket, WebSocketServer } from 'ws';
import { TextClient } from './text-client.js';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
const pingEveryMs = 25_000;
const unread = { set: () => {} };
/** More than the buffers of the system take from a client that reads nothing. */
const muchText = 'x'.repeat(33_554_432);

beforeAll(() => server.address() ?? once(server, 'listening'));
afterAll(() => {
  for (const ws of server.clients) ws.terminate();
  server.close();
});

/** Connects a client of a dialect of text frames. Documents 002, 003 and 004 have such dialects. */
async function connect() {
  const browser = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[ws, { socket }]] = (await Promise.all([once(server, 'connection'), once(browser, 'open')])) as [
    [WebSocket, IncomingMessage],
    unknown,
  ];
  const reasons: string[] = [];
  const client = new TextClient({
    ...{ ws, socket, handle: async () => {}, tell: () => ['event'], goodbye: () => [] },
    report: (reason) => reasons.push(reason),
  });
  return { browser, ws, client, reasons };
}

test('a client that reads nothing keeps its events waiting, and is cut off after its time', async () => {
  const { browser, ws, client, reasons } = await connect();
  browser.pause();
  client.stream.send([muchText]);
  const before = client.stream.unreadBytes;
  const event = InboxEvent.encode(InboxEvent.create()).finish();
  const framed = client.stream.framing.join([event], event.length);
  expect(client.stream.write(framed)).toBe(false); // The inbox reads no more for this client.
  expect(client.stream.unreadBytes).toBe(before);
  for (const nowMs of [0, limits.takenWithinMs]) client.tick(nowMs, pingEveryMs, unread);
  expect(reasons).toEqual([]);
  client.tick(limits.takenWithinMs + 1, pingEveryMs, unread);
  expect(reasons).toEqual(['too-slow']);
  if (ws.readyState !== WebSocket.CLOSED) await once(ws, 'close');
});

test('a client that has read everything stays, however late it was', async () => {
  const { browser, client, reasons } = await connect();
  const read = once(browser, 'message');
  client.stream.send([muchText]);
  client.tick(0, pingEveryMs, unread);
  await read;
  await client.whenTaken();
  client.tick(limits.takenWithinMs + 1, pingEveryMs, unread);
  expect(reasons).toEqual([]);
  browser.terminate();
});
