import { randomUUID } from 'node:crypto';
import { AdminService, ChannelServer, type ListenResponse, Resume, Retention } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { Chatter, FaultProxy, type ServiceProcess, type TestPerson, until, utf8 } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
import { InboxRig, say } from './inbox-rig.js';
import { RoomDevice } from './room-device.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;
let cid: TestPerson;
let inbox: InboxClient;
let device: RoomDevice;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob, cid] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
  inbox = await rig.open(bob);
  device = new RoomDevice(inbox, rig.trio, bob);
});
afterEach(() => inbox.cut());

const histories = [
  ['without history', Retention.fromPartial({ nothing: true })],
  ['with history', Retention.fromPartial({ everything: true })],
] as const;
let names = 0;

/** Creates a room at a chat server. */
async function roomAt(server: ServiceProcess, retention: Retention): Promise<number> {
  const { id } = await rig.trio.create(ann, `room ${++names}`);
  await rig.trio.update(ann, { id, retention });
  await rig.trio.place(id, server);
  return id;
}

/** Checks that the session still works, in a chat of another chat server. */
async function expectOpen(): Promise<void> {
  const chat = await rig.group(ann, [bob]);
  await rig.trio.place(chat, rig.trio.chatServers[0] as ServiceProcess);
  expect((await device.post(chat, 'still here')).refusal).toBeUndefined();
}

/** Listens until a living chat server has the room. */
async function listenAgain(person: TestPerson, id: number, notAt: ServiceProcess): Promise<ListenResponse> {
  const listened = await rig.trio.listen(person, id).catch(() => undefined);
  if (listened !== undefined && listened.server?.addr !== notAt.grpc) return listened;
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // The rate of Listen.
  return listenAgain(person, id, notAt);
}

const seatsOf = async ({ id }: TestPerson) => (await rig.sql('SELECT FROM chat.seat WHERE user_id = $1', [id])).length;

describe('a chat server is lost', () => {
  let owner: ServiceProcess;

  beforeEach(async () => {
    owner = await rig.trio.addChatServer();
  });
  afterEach(async () => {
    owner.kill('SIGKILL');
    await owner.exited;
    rig.trio.chatServers.splice(rig.trio.chatServers.indexOf(owner), 1);
  });

  async function drain(): Promise<void> {
    const { instanceId } = await rig.trio.identityOf(owner);
    const operator = await rig.trio.people.make(`operator-${randomUUID().slice(0, 8)}`, 'admin');
    const options = { token: operator.token, withinMs: 60_000 };
    await callUnary(rig.trio.manager(), AdminService.drain, ChannelServer.fromPartial({ id: instanceId }), options);
  }

  test('when a chat server drains, the device learns that, and enters again at the next server without a gap', async () => {
    const id = await roomAt(owner, Retention.fromPartial({ everything: true }));
    const stream = await rig.trio.join(ann, id);
    await device.enter(id);
    await say(stream, 'one');
    await device.text(id, 'one');
    await drain();
    const goodbye = await device.goodbye(id);
    expect(goodbye).toMatchObject({ reason: 'draining', listenAgain: true, seq: 1 });
    await stream.ended;
    const again = await rig.trio.join(ann, id);
    await say(again, 'two');
    expect(await device.enter(id, { log: goodbye.log, afterSeq: goodbye.seq })).toMatchObject({ here: 2 });
    await say(again, 'three');
    await device.text(id, 'three');
    expect(device.texts(id)).toEqual(['one', 'two', 'three']);
    await again.leave();
    await expectOpen();
  });

  test.each(histories)(
    'when it is killed, only the stay in the room %s ends, and the device enters the room at another server',
    async (_, retention) => {
      const id = await roomAt(owner, retention);
      const { log } = await device.enter(id);
      const welcomes = () => device.frames(id).flatMap(({ welcome }) => (welcome === undefined ? [] : [welcome]));
      expect((await device.post(id, 'one')).seq).toBe(1);
      await device.text(id, 'one');
      owner.kill('SIGKILL');
      expect(await device.goodbye(id)).toMatchObject({ reason: 'unreachable', listenAgain: true, seq: 1 });
      await expectOpen();
      const { token } = await listenAgain(bob, id, owner);
      inbox.command({ enter: { channelId: id, token, log, afterSeq: 0 } });
      await inbox.find(() => welcomes().length === 2);
      const isStored = retention.everything === true;
      const missed = { resume: Resume.GAP, missingFrom: 1, missingTo: 1 };
      expect(welcomes()[1]).toMatchObject(isStored ? missed : { resume: Resume.RESET });
      expect((await device.post(id, 'two')).seq).toBe(isStored ? 2 : 1);
      await device.text(id, 'two');
    },
  );

  test('when a chat server hangs until another server owns the room, the device learns that the room has moved', async () => {
    const id = await roomAt(owner, Retention.fromPartial({ everything: true }));
    await device.enter(id);
    owner.kill('SIGSTOP');
    const { token, server } = await listenAgain(ann, id, owner);
    const stream = new Chatter({ token, server }, { events: true });
    await stream.find(({ welcome }) => welcome !== undefined);
    const { reason, listenAgain: again } = await device.goodbye(id);
    expect(['moved', 'unreachable']).toContain(reason);
    expect(again).toBe(true);
    await say(stream, 'not for bob');
    await expectOpen();
    expect(device.texts(id)).toEqual([]);
    await stream.leave();
  });
});

describe('the relay breaks while both ends live', () => {
  let proxy: FaultProxy;
  let server: ServiceProcess;
  let stream: Chatter;
  let id: number;

  beforeAll(async () => {
    proxy = await FaultProxy.open(() => server.grpc);
    server = await rig.trio.addChatServer({ PARLEY_INTERNAL_ADDR: proxy.address });
  });
  afterEach(async () => {
    proxy.heal();
    stream.cancel();
  });
  afterAll(() => proxy.close());

  async function begin(retention: Retention): Promise<void> {
    id = await roomAt(server, retention);
    stream = await rig.trio.join(ann, id);
    await device.enter(id);
    await say(stream, 'one');
    await device.text(id, 'one');
  }

  function breakRelay(): void {
    proxy.set({ hole: true });
    proxy.reset();
  }

  const hasGone = () => stream.messages.some(({ presence }) => presence?.went[0]?.id === bob.id);

  test.each(histories)(
    'and the seat in a room %s stays: nothing is lost, and the device learns who came',
    async (_, retention) => {
      await begin(retention);
      breakRelay();
      await say(stream, 'two');
      const other = await rig.trio.join(cid, id);
      proxy.heal();
      const again = await device.frame(id, ({ welcome }) => welcome?.here === 3);
      expect(again.welcome?.channel?.users.map((one) => one.id).sort()).toEqual([ann.id, bob.id, cid.id].sort());
      expect((await device.post(id, 'three')).seq).toBe(3);
      await device.text(id, 'three');
      expect(device.texts(id)).toEqual(['one', 'two', 'three']);
      await stream.find(({ data }) => utf8(data) === 'three');
      expect(hasGone()).toBe(false);
      await other.leave();
    },
  );

  test('if the relay breaks, a message without a response is stored once in a room with history', async () => {
    await begin(Retention.fromPartial({ everything: true }));
    proxy.set({ hole: true }, ['down']);
    const acked = device.post(id, 'two');
    await stream.find(({ data }) => utf8(data) === 'two');
    breakRelay();
    proxy.heal();
    expect(await acked).toMatchObject({ seq: 2, refusal: undefined });
    await device.text(id, 'two');
    expect(device.texts(id)).toEqual(['one', 'two']);
  });

  test('if the relay breaks, a message without a response is unconfirmed in a room without history', async () => {
    await begin(Retention.fromPartial({ nothing: true }));
    proxy.set({ hole: true }, ['down']);
    const acked = device.post(id, 'two');
    await stream.find(({ data }) => utf8(data) === 'two');
    breakRelay();
    proxy.heal();
    expect((await acked).refusal?.reason).toBe('unconfirmed');
    expect((await device.post(id, 'three')).seq).toBe(3);
    await device.text(id, 'three');
    expect(device.texts(id)).toEqual(['one', 'two', 'three']);
  });

  test('if the relay breaks, the gateway does not take back a seat that another device has replaced', async () => {
    await begin(Retention.fromPartial({ nothing: true }));
    breakRelay();
    const elsewhere = await rig.trio.create(ann, `room ${++names}`);
    await rig.trio.place(elsewhere.id, rig.trio.chatServers[0] as ServiceProcess);
    const native = await rig.trio.join(bob, elsewhere.id);
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    proxy.heal();
    expect(await device.goodbye(id)).toMatchObject({ reason: 'replaced', listenAgain: false });
    expect(await seatsOf(bob)).toBe(1);
    await native.leave();
  });

  test('if the relay breaks, a device that leaves meanwhile has no seat afterwards', async () => {
    await begin(Retention.fromPartial({ nothing: true }));
    breakRelay();
    expect(await device.leave(id)).toBe('cancelled');
    proxy.heal();
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    await until(async () => (await seatsOf(bob)) === 0);
  });

  test('if the relay breaks for too long, the device learns that, and the seat is free', async () => {
    await begin(Retention.fromPartial({ nothing: true }));
    breakRelay();
    expect(await device.goodbye(id)).toMatchObject({ reason: 'unreachable', listenAgain: true });
    await until(async () => (await seatsOf(bob)) === 0);
    proxy.heal();
    expect(await device.enter(id)).toMatchObject({ here: 2, resume: Resume.UNSPECIFIED });
  });
});

test('a gateway that stops frees the seats of its devices', async () => {
  const id = await roomAt(rig.trio.chatServers[0] as ServiceProcess, Retention.fromPartial({ nothing: true }));
  await device.enter(id);
  await rig.restartGateway();
  expect((await inbox.ended).reason).toBe('draining');
  await until(async () => (await seatsOf(bob)) === 0);
});
