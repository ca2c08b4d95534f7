import { setTimeout as pause } from 'node:timers/promises';
import { Retention } from '@parley/contract';
import { FaultProxy, type ServiceProcess, type TestPerson, until, utf8 } from '@parley/testkit';
import { watchInPage } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';

const words = (channelId: number, text = 'words') => ({ channelId, data: Buffer.from(text) });

async function headOf(rig: InboxRig, id: number) {
  const [head] = await rig.sql(
    'SELECT instance_id AS owner, epoch::int AS epoch, reserved_until > now() AS reserved FROM chat.channel_head WHERE channel_id = $1',
    [id],
  );
  return head as { readonly owner: string | null; readonly epoch: number; readonly reserved: boolean | null };
}

describe('a chat without seats', () => {
  let rig: InboxRig;

  beforeAll(async () => {
    rig = await InboxRig.start();
  });
  afterAll(() => rig.stop());

  test('a chat without seats stays with its owning server while its users post or are present, and without history while a gateway follows it', async () => {
    const [ann, bob, carl] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
    const unstored = { retention: Retention.fromPartial({ nothing: true }) };
    const [posting, present, fleeting, quiet] = [
      await rig.group(ann, [bob]),
      await rig.group(ann, [bob, carl]),
      await rig.group(ann, [bob], unstored),
      await rig.group(ann, [bob]),
    ];
    // This device follows the chats, but is present in none of them.
    const page = watchInPage(rig.gateway.http, bob, '', false);
    const device = await rig.open(carl); // This device is present.
    for (const id of [fleeting, present, posting, quiet]) await rig.post(ann, words(id, 'first'));
    await rig.follows(4);
    await until(async () => (await rig.metric('parley_presences')) === 1);
    const kept = [posting, present, fleeting];
    const before = await Promise.all(kept.map((id) => headOf(rig, id)));
    await rig.post(ann, words(quiet, 'the last use of all'));
    while ((await headOf(rig, quiet)).owner !== null) {
      expect((await rig.post(ann, words(posting))).refusal).toBeUndefined();
      await pause(5_000);
    }
    const ownersOf = (heads: typeof before) => heads.map(({ owner, epoch }) => ({ owner, epoch }));
    expect(ownersOf(await Promise.all(kept.map((id) => headOf(rig, id))))).toEqual(ownersOf(before));
    await rig.post(ann, words(fleeting, 'second'));
    await page.find(({ message }) => message?.channelId === fleeting && utf8(message.data) === 'second');
    const seqs = page.frames.flatMap(({ message }) => (message?.channelId === fleeting ? message.seq : []));
    expect(seqs).toEqual([1, 2]);
    page.cancel();
    await device.cut();
  });
});

describe('a chat that Locate has placed', () => {
  let rig: InboxRig;
  let proxy: FaultProxy;
  let server: ServiceProcess;

  beforeAll(async () => {
    rig = await InboxRig.start({ chatServers: 0 });
    proxy = await FaultProxy.open(() => server.grpc);
    server = await rig.trio.addChatServer({ PARLEY_INTERNAL_ADDR: proxy.address });
  });
  afterAll(async () => {
    await proxy.close();
    await rig.stop();
  });

  test('a chat that Locate has placed stays with its owning server until the post of the gateway arrives', async () => {
    const [ann] = (await rig.people(1)) as [TestPerson];
    const device = await rig.open(ann);
    await until(async () => (await rig.metric('parley_relays')) === 1);
    const { instanceId } = await rig.trio.identityOf(server);
    for (let isReserved = false; !isReserved; ) {
      const [id, unreserved] = [await rig.group(ann, []), await rig.group(ann, [])];
      proxy.set({ hole: true }, ['up']);
      const ack = device.post(words(id));
      await until(async () => (await headOf(rig, id)).owner !== null);
      await rig.sql('UPDATE chat.channel_head SET instance_id = $2, epoch = 1 WHERE channel_id = $1', [
        unreserved,
        instanceId,
      ]);
      await until(async () => (await headOf(rig, unreserved)).owner === null);
      const { owner, reserved } = await headOf(rig, id);
      proxy.heal();
      expect((await ack).refusal).toBeUndefined();
      isReserved = owner === null || reserved === true; // On a busy machine, the reservation may be over.
      if (isReserved) expect([owner, (await headOf(rig, id)).epoch]).toEqual([instanceId, 1]);
    }
    await device.cut();
  });
});
