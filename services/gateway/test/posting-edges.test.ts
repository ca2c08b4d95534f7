import { randomUUID } from 'node:crypto';
import { AdminService, KickRequest } from '@parley/contract';
import { transaction } from '@parley/database';
import { callUnary } from '@parley/rpc';
import { openTestPool, type TestPerson, until } from '@parley/testkit';
import { InboxClient } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});

const words = (channelId: number) => ({ channelId, data: Buffer.from('words') });

test('an ack that is ready before the welcome is sent after the welcome', async () => {
  const id = await rig.group(ann, [bob]);
  await rig.post(ann, words(id)); // The chat has an owner.
  const pool = openTestPool(rig.trio.database.ownerUrl);
  let device: InboxClient | undefined;
  const clientId = randomUUID();
  await transaction(pool, async (client) => {
    await client.query('LOCK TABLE chat.event IN ACCESS EXCLUSIVE MODE'); // No round can be read.
    device = new InboxClient(rig.gateway.grpc, bob);
    device.command({ post: { ...words(id), clientId } });
    const stored = 'SELECT FROM chat.message WHERE channel_id = $1 AND client_id = $2';
    await until(async () => (await rig.sql(stored, [id, clientId])).length === 1);
    await until(async () => (await rig.metric('parley_posts_unanswered')) === 0);
    expect(device.events).toEqual([]);
  });
  await device?.ackOf(clientId);
  expect(device?.events[0]?.welcome).toBeDefined();
  await Promise.all([device?.cut(), pool.end()]);
});

test('if an operator ends the presence in a chat, the presence returns, and the handle and its other chats stay', async () => {
  const [id, other] = [await rig.group(ann, [bob]), await rig.group(ann, [bob])];
  const streams = [await rig.trio.join(ann, id), await rig.trio.join(ann, other)] as const;
  const device = await rig.open(bob);
  for (const stream of streams) await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
  const operator = await rig.trio.people.make(`operator-${randomUUID().slice(0, 8)}`, 'admin');
  const request = KickRequest.fromPartial({ channelId: id, userId: bob.id, reason: 'test' });
  await callUnary(rig.trio.manager(), AdminService.kick, request, { token: operator.token, withinMs: 30_000 });
  await streams[0].find(({ presence }) => presence?.went[0]?.id === bob.id);
  expect((await device.post(words(id))).refusal).toBeUndefined();
  const arrivals = () => streams[0].messages.filter(({ presence }) => presence?.came[0]?.id === bob.id).length;
  await until(() => arrivals() === 2);
  expect(streams[1].messages.some(({ presence }) => presence?.went[0]?.id === bob.id)).toBe(false);
  await device.cut();
  for (const stream of streams) {
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    await stream.leave();
  }
});
