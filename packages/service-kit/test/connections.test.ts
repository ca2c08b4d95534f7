import { connect, type Socket } from 'node:net';
import { connectivityState, status } from '@grpc/grpc-js';
import { LoginRequest, LoginResponse, UserService } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { limits } from '@parley/runtime';
import { Proxies } from '../src/grpc/proxies.js';
import { RawClient } from './raw-client.js';
import { ask, eventually, ServerUnderTest, type Wanted } from './server-under-test.js';

const path = '/chat.v1.UserService/Login';
const whole = frameOf(LoginRequest.encode(LoginRequest.create()).finish());

let server: ServerUnderTest;
const sockets: Socket[] = [];
let streams = 0;

async function start(wanted: Partial<Wanted>): Promise<void> {
  server = await ServerUnderTest.start({
    user: { login: async () => LoginResponse.create() },
    chat: {
      connect: {
        take: async () => {
          streams += 1;
        },
      },
    },
    ...wanted,
  });
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

/** Connects from a loopback address. Resolves with true if the server keeps the connection. */
function dial(localAddress: string): Promise<boolean> {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress });
  sockets.push(socket.on('error', () => {}));
  return new Promise((resolve) => {
    socket.once('data', () => resolve(true)); // The server's SETTINGS frame.
    socket.once('close', () => resolve(false));
  });
}

async function dialAll(localAddress: string, count: number): Promise<number> {
  const kept = await Promise.all(Array.from({ length: count }, () => dial(localAddress)));
  return kept.filter(Boolean).length;
}

/** Connects with a call, again if the machine stalls until the server closes the connection. */
async function calledClient(): Promise<RawClient> {
  const client = new RawClient(server.port);
  const answer = await client.call(path, whole);
  return answer.status === status.OK ? client : calledClient();
}

/** The same with a stream that stays open. */
async function streamingClient(): Promise<RawClient> {
  const [client, before] = [new RawClient(server.port), streams];
  client.open('/chat.v1.ChatService/Connect');
  await eventually(() => streams > before || client.session.destroyed, 'the stream');
  return streams > before ? client : streamingClient();
}

async function metric(name: string): Promise<Record<string, number>> {
  const read = await server.metrics.registry.getSingleMetric(name)?.get();
  return Object.fromEntries((read?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(), value]));
}

test('refuses further connections of an address that has too many, and of no other', async () => {
  await start({ connections: { perAddress: 5, perProcess: 100 } });
  expect(await dialAll('127.0.0.2', 8)).toBe(5);
  expect(await dialAll('127.0.0.3', 1)).toBe(1);
  expect(await metric('parley_connections_refused_total')).toEqual({ address: 3, process: 0 });
  expect(await metric('parley_connections')).toEqual({ '': 6 });
  const warnings = server.lines.filter(({ message }) => message === 'connections refused: too many are open');
  expect(warnings).toMatchObject([{ level: 'warn', address: '127.0.0.2', open: 5, all: 5 }]);
  sockets.shift()?.destroy();
  while ((await metric('parley_connections'))[''] !== 5) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await dialAll('127.0.0.2', 2)).toBe(1);
});

test('refuses connections beyond the limit of the process', async () => {
  await start({ connections: { perAddress: 5, perProcess: 7 } });
  expect(await dialAll('127.0.0.2', 5)).toBe(5);
  expect(await dialAll('127.0.0.3', 5)).toBe(2);
  expect(await metric('parley_connections_refused_total')).toEqual({ address: 0, process: 3 });
});

test('does not limit connections of trusted proxies', async () => {
  await start({ connections: { perAddress: 2, perProcess: 3 }, proxies: new Proxies(['127.0.0.9/32']) });
  expect(await dialAll('127.0.0.9', 10)).toBe(10);
  expect(await dialAll('127.0.0.2', 3)).toBe(2);
});

test('closes connections on which no call begins, except connections with a call or stream, and connections of a proxy', async () => {
  const patience = { ...limits, firstCallWithinMs: 400 };
  await start({ patience, proxies: new Proxies(['127.0.0.9/32']) });
  const [streaming, called] = [await streamingClient(), await calledClient()];
  const silent = [new RawClient(server.port), new RawClient(server.port)]; // Such clients respond to pings, but make no call.
  expect(await dialAll('127.0.0.2', 3)).toBe(3);
  expect(await dialAll('127.0.0.9', 1)).toBe(1);
  const proxied = sockets.at(-1);
  await eventually(() => silent.every(({ session }) => session.closed || session.destroyed), 'silent sessions end');
  await eventually(
    () => sockets.slice(0, 3).every(({ destroyed, readableEnded }) => destroyed || readableEnded),
    'TCP',
  );
  expect(proxied?.destroyed).toBe(false);
  expect((await called.call(path, whole)).status).toBe(status.OK);
  expect(streaming.session.closed).toBe(false);
  for (const client of [streaming, called]) client.close();
});

test('closes connections that made a call and are idle; a client connects again, and its streams stay', async () => {
  await start({ patience: { ...limits, idleConnectionMs: 300 } });
  const [streaming, raw] = [await streamingClient(), await calledClient()];
  await ask(server, UserService.login, LoginRequest.create());
  await eventually(() => raw.session.closed || raw.session.destroyed, 'the end of the raw connection');
  while ((await metric('parley_connections'))[''] !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const { READY } = connectivityState;
  await eventually(() => server.client.getChannel().getConnectivityState(false) !== READY, 'the client has noticed');
  expect(await ask(server, UserService.login, LoginRequest.create())).toEqual(LoginResponse.create());
  expect(streaming.session.closed).toBe(false);
  streaming.close();
});
