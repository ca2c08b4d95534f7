import { createServer } from 'node:net';
import { Chatter, type ListeningServer, listen, ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { createClient, type ParleyClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { until } from './rig.js';

const nobody = '127.0.0.1:1';
let trio: Trio;
let silent: ListeningServer;
let person: TestPerson;
let names = 0;
const clients: ParleyClient[] = [];

beforeAll(async () => {
  trio = await Trio.start({ managers: 2 });
  silent = await listen(createServer());
});
afterAll(async () => {
  silent.close();
  await trio.stop();
});
beforeEach(async () => {
  names += 1;
  person = await trio.people.make(`peer-${names}`);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

const managerAt = (n: number) => trio.managers[n]?.grpc as string;

function clientAt(channelService: string, userService = nobody): ParleyClient {
  const client = createClient({ transport: grpcTransport({ userService, channelService }), token: person.token });
  clients.push(client);
  return client;
}

async function took(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

test.each([
  ['an address where nothing listens', () => nobody],
  ['an address that accepts a connection and never responds', () => silent.address],
])('skips %s and remembers the next one', async (_what, first) => {
  let again = Number.POSITIVE_INFINITY;
  for (let tries = 0; again > 2_900 && tries < 5; tries++) {
    const client = clientAt(`${first()},${managerAt(0)}`);
    const { id } = await client.create({ name: 'found', limit: 5 });
    again = await took(Promise.all([client.channels(), client.history(id).catch(() => {})]));
    const conversation = await client.listen(id);
    expect(conversation.channel.id).toBe(id);
  }
  expect(again).toBeLessThan(2_900); // Asking the silent manager again would take 3 s, in each try.
});

test('a closed client refuses calls with a sentence', async () => {
  const client = clientAt(managerAt(0));
  await client.channels();
  await client.close();
  const message = 'The client is closed. Create another one.';
  await expect(client.channels()).rejects.toMatchObject({ reason: 'cancelled', message });
});

test('skips a user-service that does not respond', async () => {
  const { grpc } = await trio.startUserService();
  for (const first of [nobody, silent.address]) {
    const client = clientAt(managerAt(0), `${first},${grpc}`);
    const userId = `behind-${first.split(':')[1]}`;
    await client.register({ userId, password: 'correct horse', name: userId });
    await expect(client.login(userId, 'correct horse')).resolves.toMatchObject({ user: { id: userId } });
  }
});

test('reports `unreachable` if no address responds', async () => {
  const client = clientAt(`${nobody},${nobody}`);
  await expect(client.channels()).rejects.toMatchObject({ reason: 'unreachable' });
});

test('does not try another address after a refusal', async () => {
  const client = clientAt(`${managerAt(0)},${silent.address}`);
  await expect(client.delete(2_000_000_000)).rejects.toMatchObject({ reason: 'channel-not-found' });
});

test('repeats an idempotent call at another manager if one hangs, and asks that one first from then on', async () => {
  const client = clientAt(`${managerAt(1)},${managerAt(0)}`);
  const { id } = await client.create({ name: 'still', limit: 5 });
  trio.managers[1]?.kill('SIGSTOP');
  try {
    const conversation = await client.listen(id, { patient: false });
    const { name } = await client.create({ name: 'made elsewhere', limit: 5 });
    expect(name).toBe('made elsewhere');
    await conversation.leave();
  } finally {
    trio.managers[1]?.kill('SIGCONT');
  }
  const seats = 'SELECT FROM chat.seat WHERE user_id = $1';
  await until(async () => (await trio.people.sql(seats, [person.id])).length === 0);
});

test('a user who listens through two managers has one seat and one conversation', async () => {
  const { id } = await trio.create(person, 'one seat');
  const listens = await Promise.all([0, 1].map((n) => trio.listen(person, id, n)));
  expect(new Set(listens.map(({ token }) => token)).size).toBe(2);
  const seats = 'SELECT FROM chat.seat WHERE user_id = $1';
  expect(await trio.people.sql(seats, [person.id])).toHaveLength(1);
  const streams = listens.map((listened) => new Chatter(listened, { events: true }));
  const one = await Promise.race(streams.map((stream) => stream.ended));
  expect(one.reason).toBe('seat-gone');
  await until(async () => (await trio.people.sql(`${seats} AND live`, [person.id])).length === 1);
  for (const stream of streams) stream.cancel();
});

test('uses a new chat server within seconds', async () => {
  for (const one of trio.chatServers.splice(0)) await one.stop();
  const { id } = await trio.create(person, 'newcomer');
  const listening = clientAt(managerAt(0)).listen(id, { patient: false });
  await expect(listening).rejects.toMatchObject({ reason: 'no-server' });
  const settings = { PARLEY_DATABASE_URL: trio.database.urlFor('chat_server'), PARLEY_MANAGERS: managerAt(0) };
  const started = await ServiceProcess.start('chat-service', settings);
  trio.chatServers.push(started);
  const placed = await took(trio.join(person, id));
  expect(placed).toBeLessThan(30_000);
});
