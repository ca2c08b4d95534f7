import { lastingPort, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { WebSocket } from 'ws';
import {
  ChannelKind,
  type Conversation,
  createClient,
  type InboxOptions,
  type ParleyClient,
  type Transport,
} from '../src/index.js';
import { socketTransport } from '../src/socket/index.js';
import { clientOf, InboxListener, until } from './rig.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: ParleyClient;
let bob: TestPerson;
let tests = 0;
const open: ParleyClient[] = [];
const calls = { close: () => {} } as Transport;

beforeAll(async () => {
  trio = await Trio.start({ env: { PARLEY_SENDER_RATE: '1000' } });
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

beforeEach(async () => {
  tests += 1;
  ann = clientOf(trio, await trio.people.make(`ann-${tests}`));
  open.push(ann);
  bob = await trio.people.make(`bob-${tests}`);
});
afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

/** Opens Bob's inbox on a WebSocket. */
function listenerOf(options: InboxOptions = {}, origin = gateway.http, token = bob.token): InboxListener {
  const client = createClient({ transport: socketTransport(calls, { origin, WebSocket }), token });
  open.push(client);
  return new InboxListener(client.inbox(options));
}

async function connected(...args: Parameters<typeof listenerOf>): Promise<InboxListener> {
  const listener = listenerOf(...args);
  await until(() => listener.of('connected').length > 0);
  return listener;
}

/** Creates a group of Ann and Bob, in which Ann is present. */
async function group(): Promise<Conversation> {
  const { id } = await ann.create({ name: `socket ${tests}`, kind: ChannelKind.GROUP });
  await ann.members.add(id, bob.id);
  return ann.listen(id, { inFlight: 4 });
}

test('an inbox on a WebSocket gets every message, even after its gateway was killed', async () => {
  const chat = await group();
  const id = chat.channel.id;
  const first = await trio.startGateway({ PARLEY_PORT: await lastingPort() });
  const [listener, other] = [await connected({}, first.http), await connected()];
  await chat.send('before');
  await until(() => listener.texts(id).length === 1);
  first.kill('SIGKILL');
  await first.exited;
  await chat.send('away');
  await trio.startGateway({ PARLEY_PORT: new URL(first.http).port });
  await chat.send('x'.repeat(60_000));
  await until(() => [listener, other].every((one) => one.texts(id).length === 3));
  for (const one of [listener, other]) expect(one.texts(id)).toEqual(['before', 'away', 'x'.repeat(60_000)]);
  expect(listener.of('connected')).toHaveLength(2);
  expect(other.of('connected')).toHaveLength(1);
});

test('a goodbye says whether the client may reconnect: a stopped gateway, an ended session, a bad token', async () => {
  const second = await trio.startGateway();
  const [stays, leaves] = [await connected({}, second.http), await connected({}, gateway.http)];
  await second.stop();
  await until(() => stays.of('reconnecting').length > 0);
  expect(stays.of('reconnecting')[0]).toMatchObject({ reason: 'draining' });
  await trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [bob.sessionId]);
  await leaves.done;
  expect(leaves.events.at(-1)).toMatchObject({ type: 'ended', reason: 'logged-out' });
  const refused = listenerOf({}, gateway.http, 'x.y.z');
  await refused.done;
  expect(refused.events).toMatchObject([{ type: 'ended', reason: 'invalid-token' }]);
});

test('an address without a gateway is reported, and a bad one too', async () => {
  const nowhere = [listenerOf({}, 'http://127.0.0.1:1'), listenerOf({}, 'no address')];
  await until(() => nowhere.every((one) => one.of('reconnecting').length > 1));
  expect(nowhere.map((one) => one.of('reconnecting')[0]?.message)).toEqual([
    'The WebSocket could not be opened.',
    'The address no address/connect is not valid.',
  ]);
});

test('a transport needs a WebSocket and an origin', () => {
  const { WebSocket: native } = globalThis as { WebSocket?: unknown };
  Object.assign(globalThis, { WebSocket: undefined });
  expect(() => socketTransport(calls, { origin: 'https://example.org' })).toThrow('There is no WebSocket here.');
  expect(() => socketTransport(calls, { WebSocket })).toThrow('There is no page here.');
  Object.assign(globalThis, { WebSocket: native });
});
