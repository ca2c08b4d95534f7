import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Chatter, FaultProxy, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let toManager: FaultProxy;
let alice: TestPerson;
let room = 0;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 0 });
  toManager = await FaultProxy.open(() => trio.managers[0]?.grpc ?? '');
  await trio.addChatServer({ PARLEY_MANAGERS: toManager.address });
  alice = await trio.people.make('alice');
  room = (await trio.create(alice, 'room')).id;
});
afterAll(async () => {
  await trio.stop();
  await toManager.close();
});

async function join(): Promise<Chatter> {
  const stream = new Chatter(await trio.listen(alice, room), { events: true });
  await stream.find(({ welcome }) => welcome !== undefined);
  return stream;
}

test('a manager that hangs does not interrupt what is said: the lease is renewed directly, in time', async () => {
  const stream = await join();
  toManager.set({ hole: true });
  const said = 60;
  for (let n = 0; n < said; n++) {
    stream.send(`m${n}`, { clientId: randomUUID() });
    await pause(100);
  }
  await stream.find(() => stream.messages.filter(({ ack }) => ack !== undefined).length === said);
  toManager.heal();
  expect(stream.messages.flatMap(({ ack }) => (ack?.refusal === undefined ? [] : [ack.refusal.reason]))).toEqual([]);
  await stream.leave();
});

test('whose seat was purged while the server was out of reach comes again: nobody sits in his place', async () => {
  const stream = await join();
  await trio.people.sql('DELETE FROM chat.seat WHERE user_id = $1', [alice.id]);
  const { goodbye } = await stream.find((message) => message.goodbye !== undefined);
  expect(goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
  await (await join()).leave();
});
