import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelService, UpdateReceiptRequest } from '@parley/contract';
import { eventChannel, membershipChannel, NotificationListener, receiptChannel } from '@parley/database';
import { callUnary } from '@parley/rpc';
import { RedisServer, type ServiceProcess, selfSigned, type TestPerson, until } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
import { InboxRig, say } from './inbox-rig.js';

const given = RedisServer.isInstalled ? describe : describe.skip;

/** The user of Redis in docs/operating.md. */
const user = 'user parley on >secret resetchannels &test:* +@connection +publish +subscribe';

given('Gateways that Redis wakes', () => {
  let folder: string;
  let redis: RedisServer;
  let rig: InboxRig;
  let second: ServiceProcess;
  let ann: TestPerson;
  let bob: TestPerson;
  const notified: string[] = [];
  let postgres: NotificationListener;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    const { certificate, key } = selfSigned(folder);
    redis = await RedisServer.start({ tls: { certificate, key }, config: [user] });
    const settings = {
      PARLEY_REDIS_URL: `rediss://parley:secret@localhost:${redis.port}`,
      PARLEY_REDIS_PREFIX: 'test',
      NODE_EXTRA_CA_CERTS: certificate,
    };
    rig = await InboxRig.start({ env: settings });
    second = await rig.trio.startGateway();
    [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
    postgres = new NotificationListener({
      url: rig.trio.database.urlFor('chat_gateway'),
      applicationName: 'test of notifications',
      channels: [eventChannel, receiptChannel, membershipChannel],
      onListening: () => notified.push('listening'),
      onNotified: (channel) => notified.push(channel),
      onLost: () => {},
    });
    await until(() => notified.includes('listening'));
  });
  afterAll(async () => {
    await postgres.stop();
    await rig.stop();
    await redis.kill();
    await rm(folder, { recursive: true });
  });

  const countOf = (cause: 'listening' | 'notified') => rig.metric(`parley_inbox_wakeups_total{cause="${cause}"}`);
  const isUp = () => rig.metric('parley_redis_up');

  /** Describes a chat until a notification has woken the gateway. */
  async function wakes(chat: number, inbox: InboxClient): Promise<void> {
    const before = await countOf('notified');
    await until(async () => {
      const description = `description ${randomUUID()}`;
      await rig.trio.update(ann, { id: chat, description });
      await inbox.find(({ changed }) => changed?.description === description);
      return (await countOf('notified')) > before;
    });
  }

  /** Waits until an inbox shows that a user came or went, in its events from the given one on. */
  const shows = (inbox: InboxClient, person: TestPerson, kind: 'came' | 'went', from = 0) =>
    until(() =>
      inbox.events.slice(from).some(({ message }) => message?.presence?.[kind].some(({ id }) => id === person.id)),
    );

  test('learn of changes, receipts and settings through Redis, and PostgreSQL carries no notification', async () => {
    const chat = await rig.group(ann, [bob]);
    const devices = [await rig.open(bob), await rig.open(bob, {}, second)] as const;
    for (const device of devices) await wakes(chat, device);
    await rig.post(bob, { channelId: chat, receipt: { readSeq: 1 } });
    for (const device of devices) await device.find(({ message }) => message?.receipt?.userId === bob.id);
    const { chats } = await rig.trio.overview(bob);
    const log = chats.find(({ channel }) => channel?.id === chat)?.log ?? '';
    const request = UpdateReceiptRequest.fromPartial({ channelId: chat, log, markedUnread: true });
    await callUnary(rig.trio.manager(), ChannelService.updateReceipt, request, { token: bob.token, withinMs: 30_000 });
    for (const device of devices) await device.find(({ membership }) => membership?.markedUnread === true);
    await rig.sql("SELECT pg_notify('chat_event', '')");
    await until(() => notified.includes(eventChannel)); // Earlier notifications would have arrived before.
    expect(notified.filter((one) => one !== 'listening')).toEqual([eventChannel]);
    await Promise.all(devices.map((device) => device.cut()));
  });

  test('show users of other gateways as present, even while Redis is away', async () => {
    const chat = await rig.group(ann, [bob]);
    const anns = await rig.open(ann);
    const bobs = await rig.open(bob, {}, second);
    await rig.post(ann, { channelId: chat, data: Buffer.from('hello'), clientId: randomUUID() });
    await shows(anns, bob, 'came');
    await redis.kill();
    await until(async () => (await isUp()) === 0);
    await bobs.cut();
    await shows(anns, bob, 'went');
    const from = anns.events.length;
    const again = await rig.open(bob, {}, second);
    await shows(anns, bob, 'came', from);
    await redis.restart();
    await until(async () => (await isUp()) === 1);
    await Promise.all([anns.cut(), again.cut()]);
  });

  test('show receipts and settings that changed while Redis was away as soon as it responds again', async () => {
    const chat = await rig.group(ann, [bob]);
    const devices = [await rig.open(ann), await rig.open(ann, {}, second)] as const;
    await redis.kill();
    await until(async () => (await isUp()) === 0);
    await rig.post(bob, { channelId: chat, receipt: { readSeq: 1 } }, second);
    await devices[1].find(({ message }) => message?.receipt?.userId === bob.id); // That gateway has moved it.
    const { chats } = await rig.trio.overview(ann);
    const log = chats.find(({ channel }) => channel?.id === chat)?.log ?? '';
    const request = UpdateReceiptRequest.fromPartial({ channelId: chat, log, markedUnread: true });
    await callUnary(rig.trio.manager(), ChannelService.updateReceipt, request, { token: ann.token, withinMs: 30_000 });
    await redis.restart();
    await devices[0].find(({ message }) => message?.receipt?.userId === bob.id);
    for (const device of devices) await device.find(({ membership }) => membership?.markedUnread === true);
    await Promise.all(devices.map((device) => device.cut()));
  });

  test('lose and repeat nothing when Redis is killed and starts again', async () => {
    const chat = await rig.group(ann, [bob]);
    const devices = [await rig.open(bob), await rig.open(bob, {}, second)] as const;
    const talker = await rig.trio.join(ann, chat);
    const texts: string[] = [];
    const [invited, left] = [await rig.group(ann, []), await rig.group(ann, [bob])];
    const talk = async (count: number) => {
      const more = Array.from({ length: count }, (_, n) => `message ${texts.length + n}`);
      texts.push(...more);
      await say(talker, ...more);
    };
    await talk(10);
    await redis.kill();
    await talk(10);
    await until(async () => (await isUp()) === 0);
    await rig.trio.changeMember(ann, { channelId: invited, userId: bob.id, add: true });
    await rig.trio.changeMember(ann, { channelId: left, userId: bob.id, remove: true });
    for (const device of devices) {
      await device.find(({ added }) => added?.id === invited);
      await device.find(({ removed }) => removed?.id === left);
    }
    await redis.restart();
    await talk(10);
    for (const device of devices) {
      await until(() => device.texts(chat).includes('message 29'));
      expect(device.texts(chat).filter((text) => text.startsWith('message'))).toEqual(texts);
    }
    await until(async () => (await isUp()) === 1);
    await wakes(chat, devices[0]);
    await talker.leave();
    await Promise.all(devices.map((device) => device.cut()));
  });
});
