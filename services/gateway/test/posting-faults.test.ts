import { randomUUID } from 'node:crypto';
import { AdminService, ChannelServer, Retention } from '@parley/contract';
import { transaction } from '@parley/database';
import { callUnary } from '@parley/rpc';
import { openTestPool, type ServiceProcess, type TestPerson, until, utf8 } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
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
afterEach(() => rig.trio.managers[0]?.kill('SIGCONT')); // A test that has failed may have stopped it.

const text = (data: string | number) => ({ data: Buffer.from(String(data)) });
const keepsNothing = { retention: Retention.fromPartial({ nothing: true }) };

/** Creates a chat at a chat server of its own, in which somebody has posted already. */
async function chatAt(owner: ServiceProcess, device: InboxClient, members = [bob], fields = {}): Promise<number> {
  const id = await rig.group(ann, members, fields);
  await rig.trio.place(id, owner);
  expect((await device.post({ channelId: id, ...text('first') })).refusal).toBeUndefined();
  return id;
}

/** Posts without waiting for the ack, and waits until the gateway has forwarded the post. */
async function postUnanswered(device: InboxClient, elsewhere: number, fields: object): Promise<string> {
  const clientId = randomUUID();
  device.command({ post: { clientId, ...fields } });
  await device.post({ channelId: elsewhere, ...text('later, in another chat') });
  return clientId;
}

/** Texts of the stored messages of a chat, in order. */
async function stored(channelId: number): Promise<string[]> {
  const rows = await rig.sql('SELECT data FROM chat.message WHERE channel_id = $1 AND kind = 0 ORDER BY seq', [
    channelId,
  ]);
  return rows.map(({ data }) => utf8(data as Buffer));
}

async function waitsForLock(): Promise<boolean> {
  const waiting =
    "SELECT FROM pg_stat_activity WHERE application_name LIKE 'parley chat%' AND wait_event_type = 'Lock'";
  return (await rig.sql(waiting)).length > 0;
}

describe('the owning server dies between a post and its ack', () => {
  let owner: ServiceProcess;
  let device: InboxClient;
  let elsewhere: number;

  beforeEach(async () => {
    [owner, device] = [await rig.trio.addChatServer(), await rig.open(ann)];
    elsewhere = await rig.group(ann, []);
    await rig.trio.place(elsewhere, rig.trio.chatServers[0] as ServiceProcess);
    await device.post({ channelId: elsewhere, ...text('first') });
  });
  afterEach(async () => {
    await device.cut();
    owner.kill('SIGKILL');
    await owner.exited;
    rig.trio.chatServers.splice(rig.trio.chatServers.indexOf(owner), 1);
  });

  test('a message that was stored is acknowledged, and is in the log once', async () => {
    const id = await chatAt(owner, device);
    const pool = openTestPool(rig.trio.database.ownerUrl);
    const clientId = randomUUID();
    await transaction(pool, async (client) => {
      await client.query('SELECT FROM chat.channel_head WHERE channel_id = $1 FOR UPDATE', [id]);
      device.command({ post: { channelId: id, clientId, ...text('once') } });
      await until(waitsForLock);
      owner.kill('SIGSTOP');
    });
    await until(async () => (await stored(id)).includes('once'));
    owner.kill('SIGKILL');
    expect(await device.ackOf(clientId)).toMatchObject({ seq: 3, refusal: undefined });
    expect(await stored(id)).toEqual(['first', 'once']);
    await pool.end();
  });

  test('messages that were not stored are sent to the next owning server, in their order', async () => {
    const id = await chatAt(owner, device);
    owner.kill('SIGSTOP');
    const acks = Array.from({ length: 30 }, (_, n) => device.post({ channelId: id, ...text(n) }));
    await device.post({ channelId: elsewhere, ...text('later, in another chat') });
    owner.kill('SIGKILL');
    const seqs = (await Promise.all(acks)).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 30 }, (_, n) => n + 3));
    expect(await stored(id)).toEqual(['first', ...Array.from({ length: 30 }, (_, n) => String(n))]);
  });

  test('a post to a silent server that is not dead goes to the next owning server', async () => {
    const id = await chatAt(owner, device);
    owner.kill('SIGSTOP');
    const clientId = await postUnanswered(device, elsewhere, { channelId: id, ...text('moved on') });
    expect(await device.ackOf(clientId)).toMatchObject({ seq: 3, refusal: undefined });
    owner.kill('SIGCONT');
    await until(
      async () =>
        (
          await rig.sql(
            'SELECT FROM chat.channel_head h JOIN chat.server s USING (instance_id) WHERE h.channel_id = $1 AND s.addr <> $2',
            [id, owner.grpc],
          )
        ).length > 0,
    );
    expect(await stored(id)).toEqual(['first', 'moved on']);
  });

  test('in a chat with history, an unconfirmed message has a retry hint, and a repeated one is stored once', async () => {
    const id = await chatAt(owner, device);
    const manager = rig.trio.managers[0] as ServiceProcess;
    owner.kill('SIGSTOP');
    const message = { channelId: id, ...text('repeated') };
    const clientId = await postUnanswered(device, elsewhere, message);
    manager.kill('SIGSTOP');
    expect((await device.ackOf(clientId)).refusal).toMatchObject({ reason: 'unconfirmed', retryAfterMs: 1_000 });
    manager.kill('SIGCONT');
    owner.kill('SIGKILL');
    device.command({ post: { ...message, clientId } });
    const taken = await device.find(({ ack }) => ack?.clientId === clientId && ack.refusal === undefined);
    expect(taken.ack?.seq).toBe(3);
    expect(await stored(id)).toEqual(['first', 'repeated']);
  });

  test('in a chat without history, the message is reported as unconfirmed and not sent again', async () => {
    const id = await chatAt(owner, device, [bob], keepsNothing);
    const inbox = await rig.open(bob);
    owner.kill('SIGSTOP');
    const clientId = await postUnanswered(device, elsewhere, { channelId: id, ...text('unknown') });
    owner.kill('SIGKILL');
    expect((await device.ackOf(clientId)).refusal?.reason).toBe('unconfirmed');
    expect((await device.post({ channelId: id, ...text('next') })).refusal).toBeUndefined();
    await inbox.find(({ message }) => utf8(message?.data) === 'next');
    expect(inbox.texts(id)).not.toContain('unknown');
    await inbox.cut();
  });

  test('in a chat without history, a device that starts while the owning server hangs misses nothing at the next one', async () => {
    const id = await chatAt(owner, device, [bob], keepsNothing);
    owner.kill('SIGSTOP');
    const inbox = await rig.open(bob);
    owner.kill('SIGKILL');
    await until(async () => (await device.post({ channelId: id, ...text('next') })).refusal === undefined);
    await inbox.find(({ message }) => utf8(message?.data) === 'next');
    await inbox.cut();
  });
});

describe('the owning server drains', () => {
  test('every message is acknowledged once, in order', async () => {
    const owner = await rig.trio.addChatServer();
    const device = await rig.open(ann);
    const id = await chatAt(owner, device);
    const { instanceId } = await rig.trio.identityOf(owner);
    const operator = await rig.trio.people.make(`operator-${randomUUID().slice(0, 8)}`, 'admin');
    let isDrained = false;
    const drained = callUnary(rig.trio.manager(), AdminService.drain, ChannelServer.fromPartial({ id: instanceId }), {
      token: operator.token,
      withinMs: 60_000,
    }).then(async () => {
      const owned = 'SELECT FROM chat.channel_head WHERE channel_id = $1 AND instance_id = $2';
      await until(async () => (await rig.sql(owned, [id, instanceId])).length === 0);
      isDrained = true;
    });
    const sent: string[] = [];
    for (let after = 0; after < 10; after += isDrained ? 1 : 0) {
      sent.push(String(sent.length));
      expect((await device.post({ channelId: id, ...text(sent.at(-1) as string) })).refusal).toBeUndefined();
    }
    await drained;
    expect(await stored(id)).toEqual(['first', ...sent]);
    await device.cut();
  });
});

test('two senders at two gateways post in one chat, each in order', async () => {
  const id = await rig.group(ann, [bob]);
  const other = await rig.trio.startGateway();
  const [anns, bobs] = [await rig.open(ann), await rig.open(bob, {}, other)];
  const names = Array.from({ length: 40 }, (_, n) => n);
  const acks = names.flatMap((n) => [
    anns.post({ channelId: id, ...text(`a${n}`) }),
    bobs.post({ channelId: id, ...text(`b${n}`) }),
  ]);
  expect((await Promise.all(acks)).map(({ refusal }) => refusal)).toEqual(acks.map(() => undefined));
  const texts = await stored(id);
  for (const sender of ['a', 'b']) {
    expect(texts.filter((one) => one.startsWith(sender))).toEqual(names.map((n) => `${sender}${n}`));
  }
  for (const inbox of [anns, bobs]) {
    await inbox.find(() => inbox.texts(id).length === 80);
    expect(inbox.texts(id)).toEqual(texts);
    await inbox.cut();
  }
});

test('without a manager, posts reach chats with an owning server, and are refused in others', async () => {
  const manager = rig.trio.managers[0] as ServiceProcess;
  const device = await rig.open(ann);
  const [owned, unowned] = [await rig.group(ann, []), await rig.group(ann, [])];
  await device.post({ channelId: owned, ...text('one') });
  manager.kill('SIGSTOP');
  const late = device.post({ channelId: unowned, ...text('never') });
  expect((await device.post({ channelId: owned, ...text('two') })).refusal).toBeUndefined();
  // If the keepalive of the connection ends during the last try, the manager counts as unreachable.
  expect(['deadline-exceeded', 'unreachable']).toContain((await late).refusal?.reason);
  const inTime = device.post({ channelId: unowned, ...text('in time') });
  manager.kill('SIGCONT');
  expect((await inTime).refusal).toBeUndefined();
  expect(await stored(unowned)).toEqual(['in time']);
  await device.cut();
});

test('posts beyond the maximum number that may wait are refused, and the others are sent', async () => {
  const owner = await rig.trio.addChatServer();
  const device = await rig.open(ann);
  const id = await chatAt(owner, device);
  owner.kill('SIGSTOP');
  const posts = Array.from({ length: 250 }, (_, n) => device.post({ channelId: id, ...text(n) }));
  const above = await Promise.all(posts.slice(200));
  expect(above.map(({ refusal }) => refusal?.reason)).toEqual(above.map(() => 'too-busy'));
  owner.kill('SIGCONT');
  const below = await Promise.all(posts.slice(0, 200));
  const reasons = new Set(below.map(({ refusal }) => refusal?.reason));
  // The rate at the owning server, and the deadline of a message that was sent, or that was not.
  for (const reason of ['send-too-fast', 'unconfirmed', 'deadline-exceeded']) reasons.delete(reason);
  expect([...reasons]).toEqual([undefined]);
  const acked = below.flatMap(({ refusal }, n) => (refusal === undefined ? [String(n)] : []));
  expect(await stored(id)).toEqual(expect.arrayContaining(['first', ...acked]));
  await device.cut();
});
