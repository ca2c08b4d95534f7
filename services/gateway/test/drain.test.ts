import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials, type StatusObject } from '@grpc/grpc-js';
import {
  type Channel,
  ChannelKind,
  ChannelService,
  Channel as ChannelType,
  InboxCommand,
  type InboxEvent,
  InboxService,
} from '@parley/contract';
import { bearerMetadata, callUnary, clientOptions, startDuplex } from '@parley/rpc';
import {
  type Chatter,
  freePorts,
  healthOf,
  insist,
  listen,
  type ServiceProcess,
  type TestPerson,
  Trio,
  until,
  WebStream,
  webCall,
} from '@parley/testkit';
import { type DeviceTransport, Follower } from './follower.js';
import { watchInPage } from './inbox-client.js';

let trio: Trio;
let gateways: [ServiceProcess, ServiceProcess];
let ann: TestPerson;
let people: TestPerson[];
let names = 0;
const nothing = new Uint8Array();

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  ann = await trio.people.make('ann');
  people = await trio.people.makeMany('person', 5);
});
afterAll(() => trio.stop());

beforeEach(async () => {
  names += 1;
  const start = (name: string, more: Readonly<Record<string, string>>) =>
    trio.startGateway({ PARLEY_NAME: name, PARLEY_STOP_SECONDS: '8', ...more });
  const adminPort = { PARLEY_ADMIN_PORT: String(await freePorts(1)) };
  gateways = [await start(`first-${names}`, adminPort), await start(`second-${names}`, {})];
});
afterEach(async () => {
  await Promise.all(gateways.map((one) => one.stop()));
});

const first = () => gateways[0];

/** Creates a group with ann and all other people. */
async function group(): Promise<{ channelId: number; log: string }> {
  const fields: Partial<Channel> = { name: `group ${names}`, kind: ChannelKind.GROUP };
  const options = { token: ann.token, withinMs: 30_000 };
  const create = () => callUnary(trio.manager(), ChannelService.create, ChannelType.fromPartial(fields), options);
  const { id } = await insist(create);
  for (const { id: userId } of people) await trio.changeMember(ann, { channelId: id, userId, add: true });
  const { chats } = await trio.overview(ann);
  const log = chats.find(({ channel }) => channel?.id === id)?.log ?? '';
  return { channelId: id, log };
}

/** Says one text after another until stopped. Returns the seq of the last acknowledged one. */
function talk(stream: Chatter): () => Promise<number> {
  let isOver = false;
  const said = (async () => {
    for (let last = 0; ; ) {
      const { seq, refusal } = await stream.ask('text');
      if (refusal === undefined) last = seq;
      else await pause(refusal.retryAfterMs); // A fast machine reaches the rate limit of the user.
      if (isOver) return last;
    }
  })();
  return () => {
    isOver = true;
    return said;
  };
}

/** Returns the response of `/readyz`. */
const readyOf = async ({ admin }: ServiceProcess) => (await fetch(`http://${admin}/readyz`)).text();

/** Requests a drain of a gateway in its row, as Drain does. */
const wishDrained = (name: string) => trio.people.sql('UPDATE chat.gateway SET drain = true WHERE name = $1', [name]);
const stateOf = async (name: string) =>
  (await trio.people.sql('SELECT state FROM chat.gateway WHERE name = $1', [name]))[0]?.state;

const portOf = (url: string) => Number(new URL(url).port);

/**
 * Starts a balancer of TCP connections: each new one goes to the port that `target` returns at that
 * moment.
 */
async function balancer(target: () => number) {
  const server = createServer((socket) => {
    const there = connect(target(), '127.0.0.1');
    for (const [one, other] of [
      [socket, there],
      [there, socket],
    ] as const) {
      one.on('error', () => {}).pipe(other);
      one.once('close', () => other.destroy());
    }
  });
  return listen(server);
}

/** Opens inboxes at the first gateway over all transports: ten devices of each person. */
async function follow(chat: { channelId: number; log: string }): Promise<Follower[]> {
  const of = (count: number, transport: DeviceTransport) => Array.from({ length: count }, () => transport);
  const transports = [...of(4, 'grpc'), ...of(2, 'page'), ...of(1, 'text page'), ...of(3, 'socket')];
  const devices = people.flatMap((person) => transports.map((transport) => new Follower(person, transport, chat)));
  await Promise.all(devices.map((one) => one.start(gateways)));
  return devices;
}

/** Checks that each device has each entry up to `last` once and in order, without a gap. */
async function expectComplete(devices: readonly Follower[], last: number): Promise<void> {
  await Promise.all(devices.map((one) => one.has(last)));
  for (const { seqs } of devices) {
    const [from = 0] = seqs;
    expect(seqs).toEqual(Array.from({ length: last - from + 1 }, (_, at) => from + at));
  }
}

test('a drained gateway ends 50 inboxes one by one, and all of them resume at the other without loss or repetition', async () => {
  const chat = await group();
  const devices = await follow(chat);
  const enough = talk(await trio.join(ann, chat.channelId));
  await Promise.all(devices.map((one) => until(() => one.isFed)));
  await wishDrained(`first-${names}`);
  await until(() => devices.every(({ ends }) => ends.length > 0));
  await until(async () => (await stateOf(`first-${names}`)) === 'draining');
  await expectComplete(devices, await enough());
  expect(devices.map(({ ends }) => ends[0])).toEqual(devices.map(() => 'draining'));
  for (const one of devices) one.stop();
});

test('clients of a killed gateway resume at the other without loss or repetition', async () => {
  const chat = await group();
  const devices = await follow(chat);
  const enough = talk(await trio.join(ann, chat.channelId));
  await Promise.all(devices.map((one) => until(() => one.isFed)));
  first().kill('SIGKILL');
  await until(() => devices.every(({ ends }) => ends.length > 0));
  await expectComplete(devices, await enough());
  for (const one of devices) one.stop();
});

test('a draining gateway is not ready, refuses streams, and serves unary calls', async () => {
  const { channelId } = await group();
  const { token } = await trio.listen(ann, channelId);
  const subscribe = `${first().http}/chat.v1.ChatService/Subscribe`;
  const page = new WebStream(subscribe, nothing, { token });
  await page.find(({ welcome }) => welcome !== undefined);
  await until(async () => (await readyOf(first())) === 'ready\n' && (await healthOf(first())) === 1);
  await wishDrained(`first-${names}`);
  expect(await page.ended).toMatchObject({ 'chat-reason': 'draining', 'grpc-status': '14' });
  expect([await readyOf(first()), await healthOf(first())]).toEqual(['This gateway is draining.\n', 2]);
  const again = await trio.listen(ann, channelId);
  expect(await webCall(subscribe, nothing, { token: again.token })).toMatchObject({
    trailers: { 'chat-reason': 'draining' },
  });
  const watch = `${first().http}/chat.v1.InboxService/Watch`;
  expect(await webCall(watch, nothing, { token: ann.token })).toMatchObject({
    trailers: { 'chat-reason': 'draining' },
  });
  const chats = await webCall(`${first().http}/chat.v1.ChannelService/Overview`, nothing, { token: ann.token });
  expect(chats).toMatchObject({ http: 200, trailers: { 'grpc-status': '0' } });
  expect(chats.headers.get('connection')).toBe('close');
  const elsewhere = new WebStream(`${gateways[1].http}/chat.v1.ChatService/Subscribe`, nothing, { token: again.token });
  await elsewhere.find(({ welcome }) => welcome !== undefined);
  elsewhere.cancel();
});

test('a gateway that stops ends its streams with draining, and then reports that it has stopped', async () => {
  const chat = await group();
  const devices = await follow(chat);
  const enough = talk(await trio.join(ann, chat.channelId));
  first().kill('SIGTERM');
  expect(await first().exited).toBe(0);
  await until(() => devices.every(({ ends }) => ends.length > 0));
  await expectComplete(devices, await enough());
  expect(devices.map(({ ends }) => ends[0])).toEqual(devices.map(() => 'draining'));
  expect(await stateOf(`first-${names}`)).toBe('stopped');
  for (const one of devices) one.stop();
});

test('a user with an open inbox is online, until the inbox ends or its gateway dies', async () => {
  const user = await trio.people.make(`present-${names}`);
  const profile = async () => {
    const [row] = await trio.people.sql("SELECT online, last_seen_at FROM chat.profile('ann', 'user', $1)", [user.id]);
    return row as { online: boolean; last_seen_at: Date | null };
  };
  const watch = () => watchInPage(first().http, user, '', false);
  expect(await profile()).toEqual({ online: false, last_seen_at: null });
  const page = watch();
  await until(async () => (await profile()).online);
  page.cancel();
  await until(async () => !(await profile()).online);
  expect((await profile()).last_seen_at).toEqual(expect.any(Date));
  const again = watch();
  await until(async () => (await profile()).online);
  first().kill('SIGKILL');
  await until(async () => !(await profile()).online);
  again.cancel();
});

/** Opens a connection, makes one request, and leaves the connection idle. Resolves with the end of it. */
async function idleConnection(url: string): Promise<{ readonly closed: Promise<void> }> {
  const socket = connect(portOf(url), '127.0.0.1').on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write('GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  return { closed };
}

test('a draining gateway closes idle connections, long before another gateway does', async () => {
  const elsewhere = await idleConnection(gateways[1].http); // the older one
  const here = await idleConnection(first().http);
  await wishDrained(`first-${names}`);
  const ends = [here.closed.then(() => 'here'), elsewhere.closed.then(() => 'elsewhere')];
  expect(await Promise.race(ends)).toBe('here');
});

test('a gRPC client that returns through the same load balancer opens a new connection, which leads to another gateway', async () => {
  let target = portOf(`http://${first().grpc}`);
  const { port, close } = await balancer(() => target);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), clientOptions);
  const session = () => {
    const call = startDuplex(client, InboxService.session, bearerMetadata(ann.token));
    const end = new Promise<string>((resolve) => {
      call.on('error', () => {}).on('data', ({ welcome }: InboxEvent) => welcome && resolve('welcome'));
      call.on('status', ({ metadata }: StatusObject) => resolve(String(metadata.get('chat-reason')[0])));
    });
    call.write(InboxCommand.fromPartial({ watch: {} }));
    return end;
  };
  expect(await session()).toBe('welcome');
  await wishDrained(`first-${names}`);
  await until(async () => (await healthOf(first())) === 2);
  target = portOf(`http://${gateways[1].grpc}`);
  await until(async () => (await session()) === 'welcome');
  client.close();
  close();
});
