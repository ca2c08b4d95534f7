import { connect } from 'node:http2';
import { credentials, makeGenericClientConstructor, ServerCredentials, status } from '@grpc/grpc-js';
import { ChatService, LoginRequest, LoginResponse, UserService } from '@parley/contract';
import { startDuplex } from '@parley/rpc';
import { Metrics, silentLogger } from '@parley/runtime';
import { service as healthService } from 'grpc-health-check';
import { checkTransport } from '../src/grpc/check-transport.js';
import { GrpcServerBuilder } from '../src/grpc/server.js';
import { RawClient } from './raw-client.js';
import { ask, drain, eventually, ServerUnderTest } from './server-under-test.js';

interface HealthClient {
  watch(request: { service: string }): NodeJS.EventEmitter;
  close(): void;
}

function watchHealth(server: ServerUnderTest): { seen: string[]; close(): void } {
  const Client = makeGenericClientConstructor(healthService, 'grpc.health.v1.Health');
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure()) as unknown as HealthClient;
  const seen: string[] = [];
  const watch = client.watch({ service: 'chat.v1.UserService' });
  watch.on('data', (answer: { status: string }) => seen.push(answer.status));
  watch.on('error', () => seen.push('ended'));
  return { seen, close: () => client.close() };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

test('a shutdown first reports not serving, then finishes calls in flight, without waiting for health watchers', async () => {
  let answer: (() => void) | undefined;
  const server = await ServerUnderTest.start({
    stopMs: 60_000,
    user: {
      login: () =>
        new Promise((resolve) => {
          answer = () => resolve(LoginResponse.fromPartial({ token: 'late' }));
        }),
    },
  });
  const health = watchHealth(server);
  await eventually(() => health.seen.length === 1, 'watching');
  const inFlight = ask(server, UserService.login, LoginRequest.create());
  await eventually(() => answer !== undefined, 'the call');
  const stopping = timed(() => server.running.stop() as Promise<void>);
  await eventually(() => health.seen.length === 3, 'not serving, then the end');
  expect(health.seen).toEqual(['SERVING', 'NOT_SERVING', 'ended']);
  answer?.();
  expect(await inFlight).toMatchObject({ token: 'late' });
  expect(await stopping).toBeLessThan(60_000);
  health.close();
  await server.stop();
});

test('a shutdown cuts off a stream that does not end in time, even if the client is silent', async () => {
  let opened = 0;
  const take = async () => void opened++;
  const server = await ServerUnderTest.start({ stopMs: 300, chat: { connect: { take } } });
  const raw = new RawClient(server.port);
  raw.open('/chat.v1.ChatService/Connect');
  const silent = connect(`http://127.0.0.1:${server.port}`);
  silent.on('error', () => {});
  const ended = drain(startDuplex(server.client, ChatService.connect));
  await eventually(() => opened === 2 && silent.connecting === false, 'both streams');
  const ms = await timed(() => server.running.stop() as Promise<void>);
  expect(ms).toBeGreaterThan(250);
  expect(ms).toBeLessThan(15_000);
  expect([status.CANCELLED, status.UNAVAILABLE, status.INTERNAL]).toContain((await ended).status.code);
  expect(await server.linesOf('Connect', 2)).toMatchObject([{ reason: 'cancelled' }, { reason: 'cancelled' }]);
  raw.close();
  silent.destroy();
  await server.stop();
});

test('reports a port in use in one sentence', async () => {
  const server = await ServerUnderTest.start({});
  const again = new GrpcServerBuilder({
    host: '127.0.0.1',
    port: server.port,
    credentials: ServerCredentials.createInsecure(),
    reflection: false,
    log: silentLogger(),
    metrics: new Metrics(),
    stopMs: 100,
  });
  await expect(again.start()).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${server.port}. Choose another port, or stop the process that uses it.`,
  );
  await server.stop();
});

test('refuses to start with an untested version of grpc-js', () => {
  expect(() => checkTransport()).not.toThrow();
  expect(() => checkTransport({ installed: '1.15.0', tested: '1.14.7' })).toThrow('@grpc/grpc-js 1.15.0 is installed');
});
