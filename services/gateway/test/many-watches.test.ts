import { Client, credentials, type StatusObject } from '@grpc/grpc-js';
import { InboxService, WatchRequest } from '@parley/contract';
import { bearerMetadata, clientOptions } from '@parley/rpc';
import type { TestPerson } from '@parley/testkit';
import { InboxRig } from './inbox-rig.js';

/** `TEST_STREAMS=10000 npm test -- gateway/dist/test/many-watches` is the long form. */
const manyWatches = Number(process.env.TEST_STREAMS ?? 1_000);
let rig: InboxRig;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());

const { path } = InboxService.watch;
const request = Buffer.from(WatchRequest.encode(WatchRequest.create()).finish());
const bytes = (given: Buffer) => given;

/** Opens the inbox of a user over gRPC. Resolves when it has begun, or with the reason of its end. */
function watch(client: Client, { token }: TestPerson): Promise<string> {
  const call = client.makeServerStreamRequest(path, bytes, bytes, request, bearerMetadata(token));
  return new Promise((resolve) => {
    call.on('data', () => resolve('open'));
    call.on('error', () => {});
    call.on('status', ({ code, metadata }: StatusObject) =>
      resolve(metadata.get('chat-reason')[0]?.toString() ?? `code ${code}`),
    );
  });
}

test('one account that opens thousands of Watches keeps at most 20, and others still get theirs', async () => {
  const [mallory, ann] = (await rig.people(2)) as [TestPerson, TestPerson];
  const options = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };
  const clients = Array.from({ length: 8 }, () => new Client(rig.gateway.grpc, credentials.createInsecure(), options));
  const outcomes = new Map<string, number>();
  let asked = 0;
  const askMany = async (client: Client) => {
    while (asked++ < manyWatches) {
      const outcome = await watch(client, mallory);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(clients.flatMap((client) => [askMany(client), askMany(client), askMany(client)]));
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(manyWatches);
  expect(outcomes.get('open')).toBeLessThanOrEqual(20);
  outcomes.delete('open');
  const refused = ['read-too-often', 'too-many-inboxes', 'too-busy', 'database-away'];
  for (const outcome of outcomes.keys()) expect(refused).toContain(outcome);
  await (await rig.open(ann)).cut();
  expect(await rig.metric('parley_inboxes')).toBeLessThanOrEqual(20);
  for (const client of clients) client.close();
});
