import { FaultProxy, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { WebSocket } from 'ws';
import {
  ChannelKind,
  createClient,
  type InboxOptions,
  type ParleyClient,
  type Transport,
  type UserInboxEvent,
} from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { socketTransport } from '../src/socket/index.js';
import { webTransport } from '../src/web/index.js';
import { clientOf, InboxListener, told, until } from './rig.js';
import { XmlHttpRequest } from './xml-http-request.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: ParleyClient;
let people: { readonly ann: TestPerson; readonly bob: TestPerson };
let tests = 0;
const open: ParleyClient[] = [];

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  trio = await Trio.start({ chatServers: 2, env: { PARLEY_SENDER_RATE: '1000' } });
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

beforeEach(async () => {
  tests += 1;
  people = { ann: await trio.people.make(`ann-${tests}`), bob: await trio.people.make(`bob-${tests}`) };
  ann = clientOf(trio, people.ann, undefined, 0, gateway.grpc);
  open.push(ann);
});
afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

/** A transport of an inbox. */
type Door = 'gRPC' | 'gRPC-Web' | 'WebSocket';
const doors: readonly Door[] = ['gRPC', 'gRPC-Web', 'WebSocket'];

/** Returns a transport to a gateway, which may be behind a proxy. */
function transportTo(door: Door, grpc = gateway.grpc, origin = gateway.http): Transport {
  const channelService = trio.managers[0]?.grpc ?? '';
  const calls = grpcTransport({ userService: '127.0.0.1:1', channelService, gateway: grpc });
  if (door === 'gRPC') return calls;
  return door === 'gRPC-Web' ? webTransport({ origin }) : socketTransport(calls, { origin, WebSocket });
}

/** Opens Bob's inbox, and waits until it is connected. */
async function inboxOf(transport: Transport, options: InboxOptions = {}): Promise<InboxListener> {
  const client = createClient({ transport, token: people.bob.token });
  open.push(client);
  const listener = new InboxListener(client.inbox(options));
  await until(() => listener.of('connected').length > 0);
  return listener;
}

/** Creates a group of Ann and Bob. */
async function group(): Promise<number> {
  const { id } = await ann.create({ name: `posts ${tests}`, kind: ChannelKind.GROUP });
  await ann.members.add(id, people.bob.id);
  return id;
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `text ${n + 1}`);
const plain = (events: readonly UserInboxEvent[]) =>
  events.flatMap((event) => ('seq' in event && event.type !== 'member' ? [[event.type, event.seq]] : []));

test.each(doors)('over %s, posts are acknowledged and shown: messages, replies, edits, reactions', async (door) => {
  const id = await group();
  const [bob, annas] = [await inboxOf(transportTo(door)), new InboxListener(ann.inbox())];
  await until(() => annas.of('connected').length > 0);
  const { seq } = await bob.inbox.post(id, 'hello', { mentions: [people.ann.id] });
  expect(seq).toBe(2);
  await bob.inbox.post(id, 'x'.repeat(65_536), { replyTo: seq });
  await bob.inbox.edit(id, seq, 'hello!');
  await bob.inbox.react(id, seq, '👍');
  await bob.inbox.unreact(id, seq, '👍');
  await bob.inbox.pin(id, seq).catch(({ reason }) => expect(reason).toBe('not-channel-admin'));
  for (const one of [bob, annas]) await until(() => one.of('unreact').length === 1); // The deletion hides the edit.
  await bob.inbox.remove(id, seq);
  await expect(bob.inbox.edit(id, 1, 'mine?')).rejects.toMatchObject({ reason: 'message-not-found' });
  await expect(bob.inbox.post(1_000_000, 'words')).rejects.toMatchObject({ reason: 'channel-not-found' });
  for (const one of [bob, annas]) {
    await until(() => one.of('delete').length === 1);
    expect(plain(one.events)).toEqual([
      ['message', 2],
      ['message', 3],
      ['edit', 4],
      ['react', 5],
      ['unreact', 6],
      ['delete', 7],
    ]);
  }
  expect(annas.of('message')[1]).toMatchObject({ replyTo: 2, sender: people.bob.id });
});

test.each(doors)('over %s, posts survive lost connections, each once and in order', async (door) => {
  const [id, other] = [await group(), await group()];
  const proxy = await FaultProxy.open(() => (door === 'gRPC' ? gateway.grpc : new URL(gateway.http).host));
  const bob = await inboxOf(transportTo(door, proxy.address, `http://${proxy.address}`));
  const texts = numbers(60);
  const sent: Promise<unknown>[] = [];
  for (const [n, text] of texts.entries()) {
    sent.push(bob.inbox.post(id, text), bob.inbox.post(other, text));
    if (n % 12 === 6) {
      await sent[n];
      proxy.reset();
    }
  }
  await Promise.all(sent);
  for (const chat of [id, other]) {
    expect(await told(ann, chat)).toEqual(texts);
    await until(() => bob.texts(chat).length >= texts.length);
    expect(bob.texts(chat)).toEqual(texts);
  }
  expect(bob.of('reconnecting').length).toBeGreaterThan(0);
  await proxy.close();
});

test('posts continue after their gateway is killed, and after their chat server is killed', async () => {
  const id = await group();
  const [first, second] = [await trio.startGateway(), await trio.startGateway()];
  const bob = await inboxOf(transportTo('gRPC', `${first.grpc},${second.grpc}`));
  const texts = numbers(40);
  const sent = texts.slice(0, 20).map((text) => bob.inbox.post(id, text));
  await sent[5];
  first.kill('SIGKILL');
  await first.exited;
  await Promise.all(sent);
  const owner = await trio.ownerOf(id);
  const later = texts.slice(20).map((text) => bob.inbox.post(id, text));
  owner?.kill('SIGKILL');
  await Promise.all(later);
  expect(await told(ann, id)).toEqual(texts);
  await until(() => bob.texts(id).length >= texts.length);
  expect(bob.texts(id)).toEqual(texts);
  await trio.addChatServer();
});

test.each(doors)(
  'over %s, receipts and typing reach the others, and receipts reach the other devices of the user',
  async (door) => {
    const id = await group();
    const annas = new InboxListener(ann.inbox());
    const [bob, device] = [
      await inboxOf(transportTo(door)),
      await inboxOf(transportTo('gRPC'), { reportDelivered: false }),
    ];
    await until(() => annas.of('connected').length > 0);
    const { seq } = await annas.inbox.post(id, 'read me');
    const own = { userId: people.bob.id };
    await until(() =>
      annas.of('receipt').some(({ userId, deliveredSeq }) => userId === own.userId && deliveredSeq === seq),
    );
    await until(() => bob.texts(id).length === 1);
    bob.inbox.markRead(id);
    for (const one of [annas, device]) {
      await until(() => one.of('receipt').some(({ userId, readSeq }) => userId === own.userId && readSeq === seq));
    }
    const { unread, mine } = await bobClient().chats.get(id);
    expect([unread, mine.readSeq]).toEqual([0, seq]);
    bob.inbox.typing(id);
    await until(() => annas.of('typing').some(({ channelId, userId }) => channelId === id && userId === own.userId));
    bob.inbox.postLossy(id, 'now');
    await until(() => annas.of('lossy').some(({ channelId }) => channelId === id));
  },
);

function bobClient(): ParleyClient {
  const client = clientOf(trio, people.bob);
  open.push(client);
  return client;
}
