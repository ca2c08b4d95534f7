import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { HistoryRequest } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { type ListeningServer, listen, type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';
import { WebAnswer } from '../src/http/web-answer.js';

const ok = { code: status.OK, details: '', metadata: new Metadata() };

/** Returns a connection that reads only after `resume`. */
function dial(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname)
    .on('error', () => {})
    .pause();
}

describe('an unread response', () => {
  const size = 16_000_000;
  const closedAfterMs: number[] = [];
  const counted: number[] = [];
  const unread = { set: (bytes: number) => counted.push(bytes) };
  /** Sends a large response, which must be read within the milliseconds that the path names. */
  const server = createServer((request, response) => {
    const began = performance.now();
    response.once('close', () => closedAfterMs.push(performance.now() - began));
    const answer = new WebAnswer(response, 'binary', unread, Number(request.url?.slice(1)));
    answer.begin(new Metadata());
    for (let n = 0; n < 16; n++) answer.message(Buffer.alloc(size / 16));
    answer.end(ok);
  });
  let listening: ListeningServer;
  beforeAll(async () => {
    listening = await listen(server);
  });
  afterAll(() => listening.close());

  /** Requests the response, and reads nothing until `begins` resolves. Returns the number of bytes that arrive. */
  async function bytesRead(takenWithinMs: number, begins: () => Promise<void>): Promise<number> {
    const socket = dial(`http://${listening.address}`);
    socket.write(`GET /${takenWithinMs} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.pause();
    await begins();
    socket.resume();
    await once(socket, 'close');
    await until(() => counted.at(-1) === 0);
    expect(Math.max(...counted.splice(0))).toBeGreaterThan(10_000_000);
    return bytes;
  }

  test('an unread response is cut off', async () => {
    const withinMs = 1_000;
    expect(await bytesRead(withinMs, () => until(() => closedAfterMs.length > 0))).toBeLessThan(size);
    expect(closedAfterMs.splice(0)[0]).toBeGreaterThanOrEqual(withinMs - 5);
  });

  test('an unread response is kept if it is read slowly', async () => {
    const waitsMs = 500;
    expect(await bytesRead(120_000, () => pause(waitsMs))).toBeGreaterThan(size);
    expect(closedAfterMs.splice(0)[0]).toBeGreaterThanOrEqual(waitsMs - 5);
  });
});

describe('pipelined requests on a connection', () => {
  const asked = 40;
  let trio: Trio;
  let gateway: ServiceProcess;
  /** Users who read in turn, because each may read only a few megabytes at once. */
  let readers: readonly TestPerson[];
  let room: number;
  beforeAll(async () => {
    trio = await Trio.start();
    gateway = await trio.startGateway();
    const ann = await trio.people.make('ann');
    readers = [ann, await trio.people.make('bob'), await trio.people.make('eve')];
    room = (await trio.create(ann, 'long')).id;
    await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [room]);
    await trio.people.sql('UPDATE chat.channel_head SET last_seq = 100 WHERE channel_id = $1', [room]);
    await trio.people.sql(
      `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
       SELECT $1, n, 'ann', gen_random_uuid(), now(), convert_to(repeat('x', 10000), 'UTF8'), sha256('') FROM generate_series(1, 100) n`,
      [room],
    );
  });
  afterAll(() => trio.stop());

  test('pipelined requests are forwarded one by one, after the earlier response was read', async () => {
    const body = frameOf(HistoryRequest.encode(HistoryRequest.fromPartial({ channelId: room })).finish());
    const head = (token = '') =>
      `POST /chat.v1.ChannelService/History HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc-web+proto\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n`;
    const socket = dial(gateway.http);
    let bytes = 0;
    let answers = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      answers += chunk.toString('latin1').split('grpc-status:0').length - 1;
    });
    socket.pause();
    for (let n = 0; n < asked; n++)
      socket.write(Buffer.concat([Buffer.from(head(readers[n % readers.length]?.token)), body]));
    const calls = () => trio.managers[0]?.output.split('ChannelService/History').length ?? 0;
    for (let before = -1; before !== calls(); await pause(2_000)) before = calls();
    expect(calls()).toBeLessThan(asked / 2);
    socket.resume();
    await until(() => answers >= asked);
    expect(answers).toBe(asked);
    expect(bytes).toBeGreaterThan(asked * 900_000);
    socket.destroy();
  });
});
