import { createServer, type Server } from 'node:net';
import { ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { createClient, type ParleyClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { until } from './rig.js';

const nobody = '127.0.0.1:1';
let trio: Trio;
let silent: Server;
let silentAddress = '';
let person: TestPerson;
let names = 0;

beforeAll(async () => {
  trio = await Trio.start({ managers: 2 });
  silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  silentAddress = `127.0.0.1:${(silent.address() as { port: number }).port}`;
});
afterAll(async () => {
  silent.close();
  await trio.stop();
});
beforeEach(async () => {
  names += 1;
  person = await trio.people.make(`peer-${names}`);
});

const managerAt = (n: number) => trio.managers[n]?.grpc as string;

function clientAt(channelService: string, userService = nobody): ParleyClient {
  return createClient({ transport: grpcTransport({ userService, channelService }), token: person.token });
}

async function took(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

test.each([
  ['nothing', () => nobody],
  ['who takes a connection and never answers', () => silentAddress],
])('behind %s the next one answers, and is remembered', async (_what, first) => {
  const client = clientAt(`${first()},${managerAt(0)}`);
  const { id } = await client.create({ name: 'found' });
  const again = await took(Promise.all([client.channels(), client.history(id).catch(() => {})]));
  expect(again).toBeLessThan(1_500);
  const conversation = await client.listen(id);
  await client.close();
  expect(conversation.channel.id).toBe(id);
});

test('user-services, likewise', async () => {
  const { grpc } = await trio.startUserService();
  for (const first of [nobody, silentAddress]) {
    const client = clientAt(managerAt(0), `${first},${grpc}`);
    const userId = `behind-${first.split(':')[1]}`;
    await client.register({ userId, password: 'correct horse', name: userId });
    await expect(client.login(userId, 'correct horse')).resolves.toMatchObject({ user: { id: userId } });
    await client.close();
  }
});

test('where no one answers, that is said', async () => {
  const client = clientAt(`${nobody},${nobody}`);
  await expect(client.channels()).rejects.toMatchObject({ reason: 'unreachable' });
  await client.close();
});

test('a refusal is an answer: nobody else is asked', async () => {
  const client = clientAt(`${managerAt(0)},${silentAddress}`);
  await expect(client.delete(2_000_000_000)).rejects.toMatchObject({ reason: 'channel-not-found' });
  await client.close();
});

test('a manager that stands still: what may be repeated is, and what follows goes elsewhere', async () => {
  const client = clientAt(`${managerAt(1)},${managerAt(0)}`);
  const { id } = await client.create({ name: 'still' });
  trio.managers[1]?.kill('SIGSTOP');
  try {
    const conversation = await client.listen(id, { patient: false });
    const { name } = await client.create({ name: 'made elsewhere' });
    expect(name).toBe('made elsewhere');
    await conversation.leave();
  } finally {
    trio.managers[1]?.kill('SIGCONT');
  }
  const seats = 'SELECT FROM chat.seat WHERE user_id = $1';
  await until(async () => (await trio.people.sql(seats, [person.id])).length === 0, 20_000);
  await client.close();
});

test('one person at two managers has one seat', async () => {
  const { id } = await trio.create(person, 'one seat');
  const at = [clientAt(managerAt(0)), clientAt(managerAt(1))];
  const listens = await Promise.allSettled(at.map((client) => client.listen(id)));
  expect(listens.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
  const seats = 'SELECT FROM chat.seat WHERE user_id = $1 AND live';
  await until(async () => (await trio.people.sql(seats, [person.id])).length === 1);
  const endings = listens.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const inside = async () => (await trio.manager(0), endings.filter(({ here }) => here === 1)).length;
  expect(await inside()).toBeGreaterThanOrEqual(1);
  await Promise.all(at.map((client) => client.close()));
});

test('a new chat server is used within two seconds, knowing the database and a manager', async () => {
  for (const one of trio.chatServers.splice(0)) await one.stop();
  const { id } = await trio.create(person, 'newcomer');
  await expect(trio.listen(person, id)).rejects.toMatchObject({ reason: 'no-server' });
  const settings = { PARLEY_DATABASE_URL: trio.database.urlFor('chat_server'), PARLEY_MANAGERS: managerAt(0) };
  const started = await ServiceProcess.start('chat-service', settings);
  trio.chatServers.push(started);
  const placed = await took(until(async () => (await trio.listen(person, id).catch(() => undefined)) !== undefined));
  expect(placed).toBeLessThan(2_000);
});
