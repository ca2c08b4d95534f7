import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { LoginRequest, LoginResponse } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { limits, type Reason, refuse } from '@parley/runtime';
import { Proxies } from '../src/grpc/proxies.js';
import { answerOf, RawClient } from './raw-client.js';
import { eventually, ServerUnderTest } from './server-under-test.js';

const path = '/chat.v1.UserService/Login';
const otherPath = '/chat.v1.UserService/Get';
const whole = frameOf(LoginRequest.encode(LoginRequest.create()).finish());
const tooLarge = Buffer.from([0, 0, 16, 0, 0]);

let server: ServerUnderTest;

async function start(proxies: readonly string[]): Promise<void> {
  server = await ServerUnderTest.start({
    user: {
      login: async () => LoginResponse.create(),
      get: async (_request, call) => {
        throw refuse(call.metadata('x-reason') as Reason);
      },
    },
    proxies: new Proxies(proxies),
  });
}
afterEach(() => server.stop());

/**
 * Kinds of calls that are refused before their request is read, or that cost their caller nothing.
 */
const refusedCalls: Readonly<Record<string, (client: RawClient) => void>> = {
  'with a compressed request': (client) => void client.call(path, whole, { 'grpc-encoding': 'gzip' }),
  'with a request that is too large': (client) => void client.call(path, tooLarge),
  'without a token': (client) => void client.call(otherPath, whole, { 'x-reason': 'unauthenticated' }),
  'with a token that has expired': (client) => void client.call(otherPath, whole, { 'x-reason': 'expired-token' }),
  'that read too often': (client) => void client.call(otherPath, whole, { 'x-reason': 'read-too-often' }),
  'with an invalid deadline': (client) => void client.call(path, whole, { 'grpc-timeout': 'x' }),
};

async function closedConnections(): Promise<number> {
  const metric = await server.metrics.registry.getSingleMetric('parley_connections_refused_often_total')?.get();
  return metric?.values[0]?.value ?? 0;
}

function isOpen({ session }: RawClient): boolean {
  return !session.closed && !session.destroyed;
}

async function refuseInWaves(client: RawClient, waves: number, call: (client: RawClient) => void): Promise<void> {
  for (let wave = 0; wave < waves && isOpen(client); wave++) {
    for (let n = 0; n < 50 && isOpen(client); n++) call(client);
    if (isOpen(client)) await client.call(path, whole); // after the refusals
  }
}

test.each(Object.entries(refusedCalls))('closes a connection that makes too many calls %s', async (_, call) => {
  await start([]);
  const [flooder, honest] = [new RawClient(server.port), new RawClient(server.port)];
  const ends: number[] = [];
  flooder.session.on('goaway', (code) => ends.push(code));
  await refuseInWaves(flooder, 200, call);
  await eventually(() => !isOpen(flooder) && ends.length > 0, 'the end of the connection');
  expect(ends).toContain(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await closedConnections()).toBe(1);
  expect((await honest.call(path, whole)).status).toBe(status.OK);
  honest.close();
});

test('closes a connection whose calls are refused because their requests hold too many bytes', async () => {
  await start([]);
  const half = Buffer.concat([Buffer.from([0, 0, 0, 234, 96]), Buffer.alloc(59_000)]); // of 60,000 bytes
  const flooders = Array.from({ length: 10 }, () => new RawClient(server.port));
  for (const flooder of flooders) {
    flooder.session.setMaxListeners(0);
    const open = () => {
      const stream = flooder.open(path);
      stream.write(half);
      void answerOf(stream).then(() => isOpen(flooder) && open());
    };
    for (let n = 0; n < limits.callsPerConnection; n++) open();
  }
  await eventually(() => flooders.some((flooder) => !isOpen(flooder)), 'the end of a connection');
  expect(await closedConnections()).toBeGreaterThan(0);
  for (const flooder of flooders) flooder.close();
});

test('does not close a connection with occasional refusals', async () => {
  await start([]);
  const client = new RawClient(server.port);
  await refuseInWaves(client, 1, refusedCalls['with a request that is too large'] as (client: RawClient) => void);
  expect((await client.call(path, whole)).status).toBe(status.OK);
  expect(await closedConnections()).toBe(0);
  client.close();
});

test('does not close a connection whose calls are refused because of their content', async () => {
  await start([]);
  const client = new RawClient(server.port);
  await refuseInWaves(client, 10, (one) => void one.call(otherPath, whole, { 'x-reason': 'user-not-found' }));
  expect((await client.call(path, whole)).status).toBe(status.OK);
  client.close();
});

test('starts no call on a connection that is being closed', async () => {
  await start([]);
  const client = new RawClient(server.port);
  client.session.setMaxListeners(0);
  const compressed = { 'grpc-encoding': 'gzip' };
  await Promise.all(Array.from({ length: 900 }, () => client.call(path, whole, compressed)));
  const metric = await server.metrics.registry.getSingleMetric('parley_calls_not_begun_total')?.get();
  expect(metric?.values[0]?.value).toBeLessThan(150);
  expect(await closedConnections()).toBe(1);
});

test.each(['with a compressed request', 'without a token'])(
  'does not close the connection of a proxy that makes too many calls %s',
  async (kind) => {
    await start(['127.0.0.0/8']);
    const client = new RawClient(server.port);
    await refuseInWaves(client, 20, refusedCalls[kind] as (client: RawClient) => void);
    expect((await client.call(path, whole)).status).toBe(status.OK);
    client.close();
  },
);

test('allows fewer refusals for an address with many closed connections', async () => {
  await start([]);
  const refusedUntilClosed = async () => {
    const client = new RawClient(server.port);
    let refused = 0;
    while (isOpen(client) && refused < 1_000) {
      const { status: code } = await client.call(path, whole, { 'grpc-encoding': 'gzip' });
      if (code === status.UNIMPLEMENTED) refused += 1;
    }
    return refused;
  };
  expect(await refusedUntilClosed()).toBeGreaterThanOrEqual(100);
  let refused: number;
  do refused = await refusedUntilClosed();
  while (refused >= 100); // Closures count less as they get older, as on a slow machine.
  expect(refused).toBeGreaterThanOrEqual(10);
});
