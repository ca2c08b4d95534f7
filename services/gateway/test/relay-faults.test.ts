import { randomUUID } from 'node:crypto';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { ChatService, Kind, Message, RelayDown, RelayUp, Resume } from '@parley/contract';
import { bytesCodec, grpcService } from '@parley/rpc';
import { type Chatter, FaultProxy, type ServiceProcess, TestGateway, type TestPerson, until } from '@parley/testkit';
import { InboxRig, say } from './inbox-rig.js';

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
afterEach(() => rig.restartGateway()); // The next test counts its own channels only.

/** Creates a group of ann and bob, places it on this chat server, and lets ann join it. */
async function ownedGroup(server: ServiceProcess) {
  const id = await rig.group(ann, [bob]);
  await rig.trio.place(id, server);
  return { id, stream: await rig.trio.join(ann, id) };
}

describe('a relay with a faulty network', () => {
  let proxy: FaultProxy;
  let server: ServiceProcess;

  beforeAll(async () => {
    proxy = await FaultProxy.open(() => server.grpc);
    server = await rig.trio.addChatServer({ PARLEY_INTERNAL_ADDR: proxy.address });
  });
  afterEach(() => proxy.heal());
  afterAll(() => proxy.close());

  test('a relay that breaks reconnects without a lost or repeated entry', async () => {
    const { id, stream } = await ownedGroup(server);
    const inbox = await rig.open(bob);
    await rig.follows(1);
    await say(stream, 'one');
    await inbox.entry(id, 2);
    const before = await rig.metric('parley_relay_frames_total{kind="entry"}');
    proxy.reset();
    await say(stream, 'two', 'three');
    await inbox.entry(id, 4);
    await rig.follows(1);
    await say(stream, 'four');
    await until(async () => (await rig.metric('parley_relay_frames_total{kind="entry"}')) > before);
    await inbox.entry(id, 5);
    expect(inbox.texts(id)).toEqual(['one', 'two', 'three', 'four']);
    await inbox.cut();
  });

  test('a relay holds back the position while it is stalled, and ends when it is silent', async () => {
    const other = await ownedGroup(rig.trio.chatServers[0] as ServiceProcess);
    const { id, stream } = await ownedGroup(server);
    const inbox = await rig.open(bob);
    let positions: string[] = [];
    let seq = 1;
    while (positions.length === 0) {
      // On a busy machine, no ping may come during a stall.
      await rig.follows(2);
      proxy.set({ hole: true }, ['down']);
      seq += 1;
      await say(stream, 'hidden');
      const { timestamp } = (await stream.find(({ ack }) => ack?.seq === seq)).ack ?? {};
      const from = inbox.events.length;
      await say(other.stream, 'seen');
      await inbox.entry(other.id, seq);
      await inbox.entry(id, seq);
      const until = inbox.events.findIndex(({ message }) => message?.channelId === id && message.seq === seq);
      positions = inbox.events.slice(from, until).flatMap((event) => (event.id === '' ? [] : [event.id]));
      for (const position of positions)
        expect(Number(position.split('-')[2])).toBeLessThanOrEqual(Number(timestamp) * 1_000);
      proxy.heal();
    }
    const resumed = await rig.open(bob, { after: positions.at(-1) });
    await resumed.entry(id, seq);
    await rig.follows(2);
    await say(stream, 'after');
    await inbox.entry(id, seq + 1);
    expect(inbox.texts(id)).toEqual([...Array.from({ length: seq - 1 }, () => 'hidden'), 'after']);
    await Promise.all([inbox.cut(), resumed.cut()]);
  });

  /** Says many large texts. Returns the seq of the last entry. */
  async function sayMuch(streams: readonly Chatter[], times: number): Promise<number> {
    let last = 0;
    for (let said = 0; said < times; said++)
      for (const stream of streams) {
        const clientId = randomUUID();
        stream.send('', { clientId, data: Buffer.alloc(60_000, 'x') });
        const { ack } = await stream.find((message) => message.ack?.clientId === clientId);
        last = Math.max(last, ack?.seq ?? 0);
      }
    return last;
  }

  /** Lets a relay fall behind. Returns false if the device read too slowly, so that the gateway reset it. */
  async function fallBehind(): Promise<boolean> {
    const { id, stream } = await ownedGroup(server);
    const bobs = await rig.trio.join(bob, id);
    const inbox = await rig.open(bob);
    await rig.follows(1);
    proxy.set({ hole: true }, ['down']);
    const last = await sayMuch([stream, bobs], 35); // More than the window of the relay and the ring hold.
    proxy.set({ hole: false, bytesPerSecond: 500_000 }, ['down']); // In one burst, it would outrun the device.
    const isWhole = await Promise.race([inbox.entry(id, last).then(() => true), inbox.ended.then(() => false)]);
    if (!isWhole) return false;
    expect(inbox.seqs(id)).toEqual(Array.from({ length: last - 1 }, (_, at) => at + 2));
    await rig.follows(1);
    expect(await rig.metric('parley_relay_frames_total{kind="entry"}')).toBeLessThan(last - 1);
    await say(stream, 'words');
    await inbox.entry(id, last + 1);
    await inbox.cut();
    return true;
  }

  test('a relay falls behind in a channel, whose missing entries are read from the table before the channel is followed again', async () => {
    while (!(await fallBehind())) {
      proxy.heal();
      await rig.restartGateway();
    }
  });
});

/** Misdeed of a chat server once a gateway follows a channel. */
type Misdeed = (relay: FalseRelay, follow: RelayUp) => void;

/** One relay of a misbehaving chat server. */
class FalseRelay {
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;

  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
  }

  send(down: Parameters<typeof RelayDown.fromPartial>[0]): void {
    this.#call.write(RelayDown.encode(RelayDown.fromPartial(down)).finish());
  }

  sendRaw(bytes: Buffer): void {
    this.#call.write(bytes);
  }
}

/** A chat server that claims a channel, and then does something wrong. */
class FalseServer {
  readonly instanceId = randomUUID();
  readonly #server = new Server();
  claims: { readonly channelId: number; readonly epoch: number }[] = [];
  misdeed: Misdeed = () => {};
  /** Numbers of requests for owned channels, of follows, and of relays that have ended. */
  asked = 0;
  pongs = 0;
  follows = 0;
  ended = 0;
  #newest: FalseRelay | undefined;

  async start(): Promise<void> {
    const relay = { ...ChatService.relay, requestType: bytesCodec, responseType: bytesCodec };
    this.#server.addService(grpcService({ relay }), {
      relay: (call: ServerDuplexStream<Uint8Array, Uint8Array>) => this.#serve(call),
    });
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    await rig.sql(
      `INSERT INTO chat.server (instance_id, name, addr, internal_addr, state, lease_until)
       VALUES ($1, 'false', $2, $2, 'draining', now() + interval '1 h')`,
      [this.instanceId, `127.0.0.1:${port}`],
    );
  }

  async stop(): Promise<void> {
    await rig.sql('DELETE FROM chat.server WHERE instance_id = $1', [this.instanceId]);
    this.#server.forceShutdown();
  }

  /** Announces the claims, and pings. */
  announce(): void {
    this.#newest?.send({ owned: { channels: this.claims, dropped: [], next: 0 } });
    this.#newest?.send({ ping: { shownUntil: 0, ping: { sentAt: 1, lastSeq: 0 } } });
  }

  #serve(call: ServerDuplexStream<Uint8Array, Uint8Array>): void {
    const relay = new FalseRelay(call);
    this.#newest = relay;
    call.on('error', () => {});
    call.on('cancelled', () => {
      this.ended += 1;
    });
    call.on('data', (bytes: Uint8Array) => {
      const up = RelayUp.decode(bytes);
      if (up.owned !== undefined) this.asked += 1;
      if (up.pong !== undefined) this.pongs += 1;
      if (up.owned !== undefined) relay.send({ id: up.id, owned: { channels: this.claims, dropped: [], next: 0 } });
      if (up.follow === undefined) return;
      this.follows += 1;
      this.misdeed(relay, up);
    });
  }
}

describe('a misbehaving chat server', () => {
  const owner = () => rig.trio.chatServers[0] as ServiceProcess;
  let server: FalseServer;

  beforeEach(async () => {
    server = new FalseServer();
    await server.start();
  });
  afterEach(() => server.stop());

  test('a chat server is not followed if its epoch is not the highest', async () => {
    const { id, stream } = await ownedGroup(owner());
    server.claims = [{ channelId: id, epoch: 0 }];
    const inbox = await rig.open(bob);
    await rig.follows(1);
    await until(() => server.asked > 0);
    const { pongs, follows } = server; // Until the owning server has answered, the false claim is the highest.
    server.announce();
    await until(() => server.pongs > pongs);
    await say(stream, 'words');
    await inbox.entry(id, 2); // Perhaps from the table, before the relay brings it.
    await until(async () => (await rig.metric('parley_relay_frames_total{kind="entry"}')) >= 1);
    expect(server.follows).toBe(follows);
    await inbox.cut();
  });

  /** Answers a follow as an owning server would. */
  function begin(relay: FalseRelay, { id, channelId, follow }: RelayUp): void {
    const { log = '', afterSeq = 0 } = follow ?? {};
    relay.send({ id, channelId, following: { log, firstSeq: afterSeq + 1, lastSeq: afterSeq, resume: Resume.WHOLE } });
  }

  const forged = (seq: number, more: object = {}) => Message.fromPartial({ seq, data: Buffer.from('forged'), ...more });

  const ending: readonly (readonly [string, Misdeed])[] = [
    ['bytes that are not a frame', (relay) => relay.sendRaw(Buffer.from([0x1a, 0x7f, 0x01]))],
    [
      'a message that cannot be decoded',
      (relay, up) => {
        begin(relay, up);
        const envelope = RelayDown.encode(RelayDown.fromPartial({ id: up.id, channelId: up.channelId })).finish();
        relay.sendRaw(Buffer.concat([envelope, Buffer.from([0x1a, 0x02, 0x1a, 0x7f])]));
      },
    ],
    [
      'a change of members that cannot be decoded',
      (relay, { id, channelId, follow }) => {
        begin(relay, { id, channelId, follow } as RelayUp);
        const frame = forged(2, { kind: Kind.MEMBER, data: Buffer.from([0x0a, 0x7f]) });
        relay.send({ id, channelId, frame });
      },
    ],
    [
      'a number that is too large',
      (relay) => relay.sendRaw(Buffer.from([0x52, 0x0a, 0x08, ...Array<number>(9).fill(0xff), 0x01])),
    ],
    ['a frame that is too large', (relay) => relay.sendRaw(Buffer.alloc(8_000_000))],
  ];

  test.each(ending)('that sends %s loses its relay, and the gateway continues', async (_what, misdeed) => {
    const { id, stream } = await ownedGroup(owner());
    server.claims = [{ channelId: id, epoch: 100 }];
    server.misdeed = misdeed;
    const inbox = await rig.open(bob);
    await until(() => server.ended > 0);
    await say(stream, 'words');
    await inbox.entry(id, 2);
    expect(inbox.texts(id)).toEqual(['words']);
    expect(await rig.metric('parley_defects_total{kind="uncaught"}')).toBe(0);
    await inbox.cut();
  });

  test('a chat server that takes over a followed channel and stays silent delays nothing', async () => {
    const { id, stream } = await ownedGroup(owner());
    const inbox = await rig.open(bob);
    await rig.follows(1);
    await until(() => server.asked > 0);
    server.claims = [{ channelId: id, epoch: 100 }];
    const alive = setInterval(() => server.announce(), 500);
    await until(() => server.follows > 0);
    await say(stream, 'words');
    await inbox.entry(id, 2).finally(() => clearInterval(alive));
    expect(await rig.metric('parley_followed_channels')).toBe(0);
    await inbox.cut();
  });

  test('a chat server cannot show frames of another follow, or entries that are not next', async () => {
    const { id, stream } = await ownedGroup(owner());
    server.claims = [{ channelId: id, epoch: 100 }];
    server.misdeed = (relay, up) => {
      relay.send({ id: up.id, channelId: id, frame: forged(2) });
      begin(relay, up);
      relay.send({ id: up.id + 1, channelId: id, frame: forged(2) });
      relay.send({ id: up.id, channelId: id + 1, frame: forged(2) });
      for (const seq of [1, 1_000, Number.MAX_SAFE_INTEGER])
        relay.send({ id: up.id, channelId: id, frame: forged(seq) });
      relay.send({ id: up.id, channelId: id, following: { log: 'another', firstSeq: 1, lastSeq: 0 } });
    };
    const inbox = await rig.open(bob);
    await until(() => server.follows > 0);
    await say(stream, 'one', 'two');
    await inbox.entry(id, 3);
    expect(inbox.texts(id)).toEqual(['one', 'two']);
    expect(inbox.events.some(({ chatReset }) => chatReset !== undefined)).toBe(false);
    await until(async () => (await rig.metric('parley_relay_frames_total{kind="dropped"}')) >= 3);
    expect(inbox.texts(id)).toEqual(['one', 'two']);
    await inbox.cut();
  });
});

test('2,500 channels of one server are followed, and all are read from the table when it is killed', async () => {
  const server = await rig.trio.addChatServer();
  const rows = await rig.sql(
    `WITH c AS (INSERT INTO chat.channel (name, kind, owner_id, user_limit)
       SELECT 'many', 'group', $1, 100 FROM generate_series(1, 2500) RETURNING id),
     m AS (INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT c.id, u.id, 0 FROM c, unnest($2::text[]) AS u (id))
     SELECT id FROM c ORDER BY id`,
    [ann.id, [ann.id, bob.id]],
  );
  const ids = rows.map(({ id }) => Number(id));
  const other = await TestGateway.open(rig.trio.database);
  const relay = await other.relay(await rig.trio.identityOf(server));
  const loaded = () => relay.downs.filter(({ following }) => following !== undefined).length;
  for (let from = 0; from < ids.length; from += 250) {
    const some = ids.slice(from, from + 250);
    await rig.sql(
      `UPDATE chat.channel_head SET epoch = 1, reserved_until = now() + interval '10 s',
         instance_id = (SELECT instance_id FROM chat.server WHERE addr = $2) WHERE channel_id = ANY ($1)`,
      [some, server.grpc],
    );
    for (const channelId of some) relay.send({ channelId, follow: { log: '', afterSeq: 0 } }); // This makes the server load them.
    await until(() => loaded() === from + some.length);
  }
  const inbox = await rig.open(bob);
  await rig.follows(ids.length);
  const [first = 0, last = 0] = [ids.at(0), ids.at(-1)];
  for (const id of [first, last]) await say(await rig.trio.join(ann, id), 'words');
  for (const id of [first, last]) await inbox.entry(id, 1);
  await until(async () => (await rig.metric('parley_relay_frames_total{kind="entry"}')) >= 2);
  server.kill('SIGKILL');
  await server.exited;
  await rig.follows(0);
  const lapsed = 'SELECT FROM chat.server WHERE addr = $1 AND lease_until < now()';
  await until(async () => (await rig.sql(lapsed, [server.grpc])).length > 0);
  await say(await rig.joinAgain(ann, last), 'more words');
  await inbox.entry(last, 2);
  await inbox.cut();
  await other.close();
});
