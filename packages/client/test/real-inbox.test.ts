import { setTimeout as pause } from 'node:timers/promises';
import { FaultProxy, lastingPort, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { ChannelKind, type Conversation, type InboxOptions, type ParleyClient, textOf } from '../src/index.js';
import { clientOf, InboxListener, until } from './rig.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: ParleyClient;
let bob: TestPerson;
let tests = 0;
const open: ParleyClient[] = [];

beforeAll(async () => {
  trio = await Trio.start({ env: { PARLEY_SENDER_RATE: '1000' } });
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

beforeEach(async () => {
  tests += 1;
  ann = clientAt(await trio.people.make(`ann-${tests}`));
  bob = await trio.people.make(`bob-${tests}`);
});
afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

function clientAt(person: TestPerson, addresses = gateway.grpc): ParleyClient {
  const client = clientOf(trio, person, undefined, 0, addresses);
  open.push(client);
  return client;
}

/** Opens Bob's inbox, and waits until it is connected. */
async function inboxOf(options: InboxOptions = {}, addresses = gateway.grpc): Promise<InboxListener> {
  const listener = new InboxListener(clientAt(bob, addresses).inbox(options));
  await until(() => listener.of('connected').length > 0);
  return listener;
}

/** Creates a group of Ann and Bob, in which Ann is present. */
async function group(settings: Parameters<ParleyClient['create']>[0] = {}): Promise<Conversation> {
  const { id } = await ann.create({ name: `team ${tests}`, kind: ChannelKind.GROUP, ...settings });
  await ann.members.add(id, bob.id);
  return ann.listen(id, { inFlight: 4 });
}

const idOf = (conversation: Conversation) => conversation.channel.id;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `text ${n + 1}`);

async function say(conversation: Conversation, texts: readonly string[]): Promise<void> {
  for (const text of texts) await conversation.send(text);
}

test('two devices get the messages of several chats, each chat in order', async () => {
  const chats = [await group(), await group(), await group()];
  const devices = [await inboxOf(), await inboxOf()];
  await Promise.all(chats.map((chat) => say(chat, numbers(20))));
  for (const chat of chats) {
    for (const device of devices) {
      await until(() => device.texts(idOf(chat)).length >= 20);
      expect(device.texts(idOf(chat))).toEqual(numbers(20));
    }
  }
  expect(devices.flatMap((device) => [...device.of('gap'), ...device.of('reset')])).toEqual([]);
});

test('resumes after lost connections with every message exactly once', async () => {
  const chat = await group();
  const proxy = await FaultProxy.open(() => gateway.grpc);
  const listener = await inboxOf({}, proxy.address);
  for (let round = 0; round < 4; round++) {
    await chat.send(`before ${round}`);
    await until(() => listener.texts(idOf(chat)).includes(`before ${round}`));
    proxy.reset();
    await chat.send(`away ${round}`);
    await until(() => listener.texts(idOf(chat)).includes(`away ${round}`));
  }
  expect(listener.texts(idOf(chat))).toEqual([0, 1, 2, 3].flatMap((round) => [`before ${round}`, `away ${round}`]));
  expect(listener.of('connected')).toHaveLength(5);
  expect(listener.of('reconnecting')[0]).toMatchObject({ reason: 'unreachable' });
  await proxy.close();
});

test('no message is lost when a gateway is killed, at another gateway or at its successor', async () => {
  const chat = await group();
  const [first, second] = [
    await trio.startGateway({ PARLEY_GRPC_PORT: await lastingPort() }),
    await trio.startGateway(),
  ];
  const listener = await inboxOf({}, `${first.grpc},${second.grpc}`);
  const lonely = await inboxOf({}, first.grpc);
  await chat.send('before');
  await until(() => [listener, lonely].every((one) => one.texts(idOf(chat)).length === 1));
  first.kill('SIGKILL');
  await first.exited;
  await say(chat, numbers(5));
  await until(() => listener.texts(idOf(chat)).length >= 6);
  const [, grpcPort = ''] = first.grpc.split(':');
  const successor = await trio.startGateway({ PARLEY_GRPC_PORT: grpcPort });
  expect(successor.grpc).toBe(first.grpc);
  await until(() => lonely.texts(idOf(chat)).length >= 6);
  for (const one of [listener, lonely]) expect(one.texts(idOf(chat))).toEqual(['before', ...numbers(5)]);
});

test('inboxes leave a draining gateway without a lost connection, with every message exactly once', async () => {
  const chat = await group();
  const name = `drained-${tests}`;
  const [first, second] = [await trio.startGateway({ PARLEY_NAME: name }), await trio.startGateway()];
  const addresses = `${first.grpc},${second.grpc}`;
  const listeners = await Promise.all(Array.from({ length: 6 }, () => inboxOf({}, addresses)));
  let count = 0;
  const talk = async () => {
    for (const upTo = count + 5; count < upTo; await pause(20)) await chat.send(`text ${++count}`);
  };
  await talk();
  await trio.people.sql('UPDATE chat.gateway SET drain = true WHERE name = $1', [name]);
  await until(async () => {
    await talk();
    const [row] = await trio.people.sql('SELECT state, inboxes FROM chat.gateway WHERE name = $1', [name]);
    return row?.state === 'draining' && row.inboxes === 0;
  });
  await talk();
  for (const one of listeners) {
    await until(() => one.texts(idOf(chat)).includes(`text ${count}`));
    expect(one.texts(idOf(chat))).toEqual(numbers(count));
    expect([one.of('reconnecting'), one.of('connected').length]).toEqual([[], 1]);
  }
});

test('a stored place continues in another process', async () => {
  const chat = await group();
  const first = await inboxOf();
  await chat.send('before');
  await until(() => first.inbox.place.after !== '' && first.texts(idOf(chat)).length === 1);
  await chat.send('between');
  await until(() => first.texts(idOf(chat)).length === 2);
  const after = JSON.parse(JSON.stringify(first.inbox.place));
  await first.inbox.close();
  await chat.send('after');
  const second = await inboxOf({ after });
  await until(() => second.texts(idOf(chat)).length > 0);
  await chat.send('last');
  await until(() => second.texts(idOf(chat)).includes('last'));
  expect(second.texts(idOf(chat))).toEqual(['after', 'last']);
});

test('a removed member gets nothing until the return, and no gap for it', async () => {
  const chat = await group();
  const id = idOf(chat);
  const listener = await inboxOf();
  await chat.send('one');
  await ann.members.remove(id, bob.id);
  await until(() => listener.of('removed').length === 1);
  await chat.send('hidden');
  await ann.members.add(id, bob.id);
  await chat.send('two');
  await until(() => listener.texts(id).includes('two'));
  expect(listener.texts(id)).toEqual(['one', 'two']);
  expect(listener.of('gap')).toEqual([]);
  expect(listener.of('added')).toMatchObject([{ channel: { id } }]);
  expect(listener.of('member').map(({ joined }) => joined)).toEqual([false, true]);
});

test('a reader that is too slow gets the missed messages from History', async () => {
  const chat = await group();
  const inbox = clientAt(bob).inbox();
  const events = inbox.events();
  expect((await events.next()).value).toMatchObject({ type: 'connected' });
  const count = 330;
  for (let n = 0; n < count; n++) await chat.send(Buffer.alloc(60_000, 'x'));
  await chat.send('end');
  const seqs: number[] = [];
  const types = new Set<string>();
  for (let isEnd = false; !isEnd; ) {
    const { value } = await events.next();
    if (value === undefined) break;
    types.add(value.type);
    if (value.type !== 'message') continue;
    seqs.push(value.seq);
    isEnd = textOf(value) === 'end';
  }
  expect(seqs).toEqual(Array.from({ length: count + 1 }, (_, n) => n + 2)); // The first entry is Bob's membership.
  expect(types).toContain('reset');
  expect(types).toContain('gap');
});

test('after a reset, the user gets all chats, and each message that was missed', async () => {
  const chat = await group();
  const id = idOf(chat);
  const first = await inboxOf();
  await chat.send('seen');
  await until(() => first.inbox.place.after !== '' && first.texts(id).length === 1);
  const { after, seen } = first.inbox.place;
  await first.inbox.close();
  await say(chat, numbers(3));
  const parts = after.split('-');
  parts[2] = String(Number(parts[2]) - 601_000_000);
  const log = chat.place?.log ?? '';
  const old = { after: parts.join('-'), seen: [...seen, { channelId: id, log, seq: 2 }] };
  const second = await inboxOf({ after: old });
  await chat.send('live');
  await until(() => second.texts(id).includes('live'));
  expect(second.texts(id)).toEqual([...numbers(3), 'live']);
  expect(second.of('reset')[0]?.chats).toMatchObject([{ channel: { id }, log }]);
  expect(second.of('gap')).toMatchObject([{ channelId: id, from: 3, filled: true }]);
});

test('begins with all chats if `overview` is set', async () => {
  const chat = await group();
  await say(chat, numbers(2));
  const listener = await inboxOf({ overview: true });
  await until(() => listener.of('reset').length === 1);
  await chat.send('live');
  await until(() => listener.texts(idOf(chat)).length > 0);
  expect(listener.of('reset')[0]?.chats).toMatchObject([{ channel: { id: idOf(chat) }, unread: 2 }]);
  expect(listener.texts(idOf(chat))).toEqual(['live']);
});

test('an inbox shows entries that retention has deleted as a gap without entries', async () => {
  const chat = await group();
  const id = idOf(chat);
  const first = await inboxOf();
  await until(() => first.inbox.place.after !== '');
  const after = first.inbox.place;
  await first.inbox.close();
  await say(chat, numbers(4));
  await trio.people.sql('DELETE FROM chat.message WHERE channel_id = $1 AND seq < 5', [id]);
  const second = await inboxOf({ after });
  await until(() => second.texts(id).length > 0);
  expect(second.texts(id)).toEqual(['text 4']);
  expect(second.of('gap')).toMatchObject([{ channelId: id, to: 4, filled: false }]);
});

test('ends with the session, and reports a gateway that nobody can reach', async () => {
  const listener = await inboxOf();
  await trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [bob.sessionId]);
  await listener.done;
  expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'logged-out' });
  const nowhere = new InboxListener(clientAt(bob, '127.0.0.1:1').inbox());
  await until(() => nowhere.of('reconnecting').length > 1);
  expect(nowhere.of('reconnecting')[0]?.message).toBe(
    'Gateway 127.0.0.1:1 cannot be reached: nothing listens on that port.',
  );
  await nowhere.inbox.close();
  await pause(0);
  expect(nowhere.events.at(-1)).toMatchObject({ type: 'ended', reason: 'closed' });
});

test('an inbox outlives the session with which it began if the user logs in again meanwhile', async () => {
  const password = 'correct horse battery';
  const { grpc } = await trio.startUserService();
  const client = clientOf(trio, { token: '' }, grpc, 0, gateway.grpc);
  open.push(client);
  const userId = `carl-${tests}`;
  await client.register({ userId, password, name: 'Carl' });
  const { token } = await client.login(userId, password);
  const { id } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  await ann.members.add(id, userId);
  const renewed = new InboxListener(client.inbox());
  const stale = new InboxListener(clientAt({ ...bob, token }).inbox());
  for (const one of [renewed, stale]) await until(() => one.of('connected').length > 0);
  const former = (await client.sessions.list()).map((session) => session.id);
  await client.login(userId, password);
  await renewed.inbox.post(id, 'with the new session');
  for (const sessionId of former) await client.sessions.end(sessionId);
  await stale.done;
  await renewed.inbox.post(id, 'after the former session');
  expect(renewed.of('reconnecting')).toEqual([]);
});
