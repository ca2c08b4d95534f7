import * as grpc from '@grpc/grpc-js';
import { limits } from '@parley/runtime';
import { service as healthService } from 'grpc-health-check';
import { addHealth } from '../src/grpc/health.js';
import { eventually } from './server-under-test.js';

interface Status {
  readonly status: string;
}

interface HealthClient extends grpc.Client {
  check(request: { service: string }, done: (error: grpc.ServiceError | null, answer?: Status) => void): void;
  watch(request: { service: string }): grpc.ClientReadableStream<Status>;
}

const server = new grpc.Server();
const health = addHealth(server, ['chat.v1.ChatService', 'ChatService']);
let client: HealthClient;

beforeAll(async () => {
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), bound);
  });
  const Client = grpc.makeGenericClientConstructor(healthService, 'grpc.health.v1.Health');
  client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as unknown as HealthClient;
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

function check(service: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    client.check({ service }, (error, answer) => (error ? reject(error) : resolve(answer?.status)));
  });
}

test.each(['', 'chat.v1.ChatService', 'ChatService'])(
  'reports "%s" as serving only while it is set',
  async (service) => {
    health.set(false);
    expect(await check(service)).toBe('NOT_SERVING');
    health.set(true);
    expect(await check(service)).toBe('SERVING');
  },
);

test('reports a service of another server as unknown', async () => {
  await expect(check('chat.v1.UserService')).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
});

test('notifies watchers of each change', async () => {
  health.set(true);
  const seen: string[] = [];
  const watch = client.watch({ service: 'ChatService' });
  watch.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    watch.on('data', ({ status }: Status) => {
      seen.push(status);
      if (seen.length === 2) resolve();
      else health.set(false);
    });
  });
  watch.cancel();
  expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
});

test.each(['ChatService', 'no such service'])(
  'ends the oldest watcher of "%s" when there are too many',
  async (service) => {
    const ended: number[] = [];
    const watches = Array.from({ length: limits.healthWatchers + 3 }, (_, n) => {
      const watch = client.watch({ service });
      watch.on('data', () => undefined);
      watch.on('error', (error: grpc.ServiceError) => error.code === grpc.status.UNAVAILABLE && ended.push(n));
      return watch;
    });
    await eventually(() => ended.length === 3, 'three ended watchers');
    expect(ended).toEqual([0, 1, 2]);
    for (const watch of watches) watch.cancel();
    health.set(true);
    expect(await check('ChatService')).toBe('SERVING');
  },
);
