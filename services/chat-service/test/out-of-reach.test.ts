import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminService, KickRequest } from '@parley/contract';
import { Chatter, callPatiently, FaultProxy, type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';

let trio: Trio;
let toManager: FaultProxy;
let toDatabase: FaultProxy;
let throughProxy: string;
let alice: TestPerson;
let room = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 0 });
  toManager = await FaultProxy.open(() => trio.managers[0]?.grpc ?? '');
  await trio.addChatServer({ PARLEY_MANAGERS: toManager.address });
  const url = new URL(trio.database.urlFor('chat_server'));
  const { host } = url;
  toDatabase = await FaultProxy.open(() => host);
  url.host = toDatabase.address;
  throughProxy = url.href;
  alice = await trio.people.make('alice');
  room = (await trio.create(alice, 'room')).id;
});
afterAll(async () => {
  toDatabase.heal();
  await trio.stop();
  await Promise.all([toManager.close(), toDatabase.close()]);
});

/** Makes this server the owning server of a channel, and takes a seat there. */
async function joinAt(server: ServiceProcess, channelId: number): Promise<Chatter> {
  await trio.place(channelId, server);
  const listened = await trio.listen(alice, channelId);
  expect(listened.server?.addr).toBe(server.grpc);
  const stream = new Chatter(listened, { events: true });
  await stream.find(({ welcome }) => welcome !== undefined);
  return stream;
}

function join(): Promise<Chatter> {
  return trio.join(alice, room);
}

test('a chat server renews its lease directly, in time, while a manager hangs', async () => {
  const stream = await join();
  const said = 60;
  /** Sends messages for two leases. Returns whether all were accepted. */
  const areAccepted = async () => {
    const from = stream.messages.length;
    const acks = () => stream.messages.slice(from).flatMap(({ ack }) => ack ?? []);
    for (let n = 0; n < said; n++) {
      stream.send(`m${n}`, { clientId: randomUUID() });
      await pause(100);
    }
    await until(() => acks().length === said);
    return acks().every(({ refusal }) => refusal === undefined);
  };
  toManager.set({ hole: true });
  await until(areAccepted); // The first time, unless the machine stands still for longer than a lease.
  toManager.heal();
  await stream.leave();
});

test('a user whom the manager kicked without reaching the server gets the reason', async () => {
  const root = await trio.people.make('root');
  await trio.people.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [root.id]);
  const stream = await join();
  const move = 'UPDATE chat.server SET internal_addr = $1 RETURNING internal_addr';
  const [before] = await trio.people.sql('SELECT internal_addr FROM chat.server');
  await trio.people.sql(move, ['127.0.0.1:1']);
  const kick = KickRequest.fromPartial({ userId: alice.id, reason: 'too loud' });
  await callPatiently(trio.manager(), AdminService.kick, kick, { token: root.token, withinMs: 30_000 });
  expect(await stream.ended).toMatchObject({ reason: 'kicked' });
  expect(stream.messages.at(-1)?.goodbye).toMatchObject({ reason: 'kicked', listenAgain: false });
  await trio.people.sql(move, [before?.internal_addr]);
});

test('a user whose seat was purged while the chat server was cut off can join again', async () => {
  const stream = await join();
  await trio.people.sql('DELETE FROM chat.seat WHERE user_id = $1', [alice.id]);
  const { goodbye } = await stream.find((message) => message.goodbye !== undefined);
  expect(goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
  await (await join()).leave();
});

test('a chat server that alone loses the database sends its users elsewhere, and serves again afterwards', async () => {
  const far = await trio.addChatServer({ PARLEY_DATABASE_URL: throughProxy });
  const other = (await trio.create(alice, 'far')).id;
  const stream = await joinAt(far, other);
  toDatabase.set({ hole: true });
  const { goodbye } = await stream.find((message) => message.goodbye !== undefined);
  expect(goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
  const again = await trio.listen(alice, other);
  expect(again.server?.addr).not.toBe(far.grpc);
  toDatabase.heal();
  await trio.lives(far);
});

test('a chat server that was only suspended keeps its streams', async () => {
  const sleeper = await trio.addChatServer();
  const stream = await joinAt(sleeper, (await trio.create(alice, 'asleep')).id);
  sleeper.kill('SIGSTOP');
  await pause(4_500);
  sleeper.kill('SIGCONT');
  await until(async () => {
    stream.send('awake'); // Is refused while the chat server renews its lease.
    await pause(500);
    return stream.texts.includes('awake');
  });
  expect(stream.messages.filter(({ goodbye }) => goodbye !== undefined)).toEqual([]);
  await stream.leave();
});
